/** Metrics as a scraper reads them: what each says of itself, and every sample by its name with its labels. */
export interface Scraped {
  /** Type by name. */
  types: Map<string, string>;
  /** Value by `name{label="value",...}`, labels in the order of the exposition. */
  samples: Map<string, number>;
}

/** Reads the text format strictly. @throws Error at the first line that is none of it. */
export function readExposition(text: string): Scraped {
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const type = /^# TYPE ([a-z_0-9]+) (counter|gauge|histogram|summary)$/.exec(line);
    const sample = /^([a-z_0-9]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})?) (NaN|[+-]?(?:Inf|[\d.e+-]+))$/.exec(line);
    if (type) {
      if (types.has(String(type[1]))) throw new Error(`told twice: ${line}`);
      types.set(String(type[1]), String(type[2]));
    } else if (sample) {
      if (samples.has(String(sample[1]))) throw new Error(`told twice: ${line}`);
      samples.set(String(sample[1]), Number(String(sample[2]).replace('Inf', 'Infinity')));
    } else if (!line.startsWith('# HELP ')) throw new Error(`no line of an exposition: ${line}`);
  }
  return { types, samples };
}
