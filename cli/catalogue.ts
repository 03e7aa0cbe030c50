import { methods } from '../sdk/protocol/contract.ts';
import { deriveCommands, type MethodCommand } from './derive.ts';

/** The commands that the contract gives. The build replaces this file by its value, so that no command loads zod. */
export const catalogue: readonly MethodCommand[] = deriveCommands(methods);
