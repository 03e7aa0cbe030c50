import { diagnostics } from '../../sdk/protocol/diagnostics.ts';
import { implement } from './implement.ts';

export const diagnosticsMethods = implement(diagnostics, {
  stability: ({ input, ctx }) => ctx.diagnostics.read(input),
});
