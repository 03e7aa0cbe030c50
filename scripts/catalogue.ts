import { catalogue } from '../cli/catalogue.ts';
import type { MethodCommand } from '../cli/derive.ts';
import { readContractDocs } from './contract-docs.ts';

/** The derived commands with the docs of their fields, which only the contract's sources have. */
export async function catalogueWithDocs(): Promise<MethodCommand[]> {
  const docs = await readContractDocs();
  return catalogue.map((command) => ({
    ...command,
    fields: command.fields.map((field) => ({ ...field, doc: docs.inputs.get(`${command.method}.${field.name}`) })),
  }));
}
