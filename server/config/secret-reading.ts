/** What came of reading one secret. With both members, the value is the one of an earlier time. Never both absent. */
export interface SecretReading {
  value?: string | undefined;
  /** Why it could not be read: for people, and without a word of what was found. */
  fault?: string | undefined;
}

/** The ids that one entry of `secrets.providers` is asked for, all at once. */
export interface SecretRequest {
  /** Name of the entry. */
  provider: string;
  ids: readonly string[];
}

/** The same for every id. */
export function readNothing({ ids }: SecretRequest, fault: string): Map<string, SecretReading> {
  return new Map(ids.map((id) => [id, { fault }]));
}
