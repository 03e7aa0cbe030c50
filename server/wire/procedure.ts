import { contract } from '../../sdk/protocol/contract.ts';
import type { CallContext, MethodMeta } from '../../sdk/protocol/method.ts';

/** One question to the contract. */
export interface Question {
  /** Wire name of a method. */
  path: string;
  type: 'query' | 'mutation';
  ctx: CallContext;
  signal: AbortSignal;
  getRawInput(): Promise<unknown>;
}

/**
 * Asks a procedure of the contract, through its scope check, input, handler and output.
 *
 * Does what tRPC's `callTRPCProcedure` does, a quarter as slow: that one copies its options anew, property by property,
 * on the way to each of the four, 19 µs a call where a socket has some 12. A test compares the two.
 * @throws what the handler throws; TRPCError for the rest, whose cause says what it was.
 */
export async function askProcedure(question: Question): Promise<unknown> {
  const { middlewares, meta } = definitions[question.path] ?? { middlewares: [] };
  const step = (index: number, options: Options): Promise<Result> => {
    const middleware = middlewares[index];
    if (!middleware) throw new Error(`the contract has no answer for ${question.path}`);
    const next: Next = (changes) => step(index + 1, changes ? { ...options, ...changes } : options);
    return middleware({ ...options, meta, next });
  };
  const result = await step(0, question);
  if (!result.ok) throw result.error;
  return result.data;
}

type Options = Question & { input?: unknown };
type Next = (changes?: Partial<Options>) => Promise<Result>;
type Result = { ok: true; data: unknown } | { ok: false; error: Error };
type Middleware = (options: Options & { meta: MethodMeta | undefined; next: Next }) => Promise<Result>;

/** What tRPC keeps of each procedure; it declares only the part that clients infer from. */
interface Definition {
  middlewares: Middleware[];
  meta?: MethodMeta;
}

const definitions: Record<string, Definition | undefined> = Object.fromEntries(
  Object.entries(contract._def.procedures).map(([path, procedure]) => [
    path,
    (procedure as unknown as { _def: Definition })._def,
  ]),
);
