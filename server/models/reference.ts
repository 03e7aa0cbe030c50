/** The two halves of `<provider>/<model>`; the provider is empty where a reference names none. */
export function splitReference(reference: string): { provider: string; model: string } {
  const slash = reference.indexOf('/');
  if (slash < 0) return { provider: '', model: reference };
  return { provider: reference.slice(0, slash), model: reference.slice(slash + 1) };
}
