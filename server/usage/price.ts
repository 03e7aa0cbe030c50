import type { Cost, Usage } from '../../sdk/protocol/usage.ts';
import type { ModelCost, TokenRates } from '../config/provider-config.ts';

type Rates = Required<{ [K in keyof TokenRates]: number }>;

const million = 1_000_000;

/**
 * What a call cost, in US dollars; undefined when the model has no price. With tiers, those rates count that the whole
 * prompt falls under.
 */
export function toCost(usage: Usage, price: ModelCost | undefined): Cost | undefined {
  const { input, cacheRead = 0, cacheWrite = 0, output } = usage;
  const rates = price && toRates(pickRates(price, input + cacheRead + cacheWrite));
  if (!rates) return undefined;
  const cost = {
    input: (input * rates.input) / million,
    output: (output * rates.output) / million,
    cacheRead: (cacheRead * rates.cacheRead) / million,
    cacheWrite: (cacheWrite * rates.cacheWrite) / million,
  };
  return { ...cost, total: cost.input + cost.output + cost.cacheRead + cost.cacheWrite };
}

/** True when the rates do not depend on the size of a prompt, so that sums of calls have a price too. */
export function isFlat(price: ModelCost | undefined): boolean {
  return !price?.tieredPricing?.length;
}

function pickRates(price: ModelCost, promptTokens: number): TokenRates {
  const tiers = (price.tieredPricing ?? [])
    .map((rates) => ({ rates, from: rates.range?.[0] ?? 0, to: rates.range?.[1] ?? Number.POSITIVE_INFINITY }))
    .sort((a, b) => a.from - b.from);
  const tier =
    tiers.find(({ from, to }) => promptTokens >= from && promptTokens < to) ??
    // Between two tiers the one below counts, below all of them the first.
    tiers.findLast(({ from }) => promptTokens >= from) ??
    tiers[0];
  return tier?.rates ?? price;
}

function toRates({ input, output, cacheRead, cacheWrite }: TokenRates): Rates | undefined {
  if (!isRate(input) || !isRate(output)) return undefined;
  return {
    input,
    output,
    cacheRead: isRate(cacheRead) ? cacheRead : input,
    cacheWrite: isRate(cacheWrite) ? cacheWrite : input,
  };
}

function isRate(rate: number | undefined): rate is number {
  return rate !== undefined && Number.isFinite(rate) && rate >= 0;
}
