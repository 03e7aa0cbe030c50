import { createRedactor } from '../log/redact.ts';
import { formsOf } from '../log/secret-forms.ts';

/** What stands where a secret stood; the log masks short secrets alike. */
const mask = '***';

/** Removes the given secrets from a text, however they are escaped, and masks whatever else looks like a credential. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < shortestSecret) continue;
    for (const form of formsOf(secret)) clean = clean.replaceAll(form, mask);
  }
  return shapes.text(clean);
}

/** Shorter keys are placeholders of local servers (`none`, `test`); masking them would only garble the words around them. */
const shortestSecret = 6;

const shapes = createRedactor();
