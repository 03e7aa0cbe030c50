import type { TRPCLink } from '@trpc/client';
import type { Contract } from '../protocol/contract.ts';
import type { OpenClaw } from './openclaw.ts';

/** A terminating tRPC link to a gateway, with a connection of its own that lives until `close()`. */
export interface GatewayLink extends TRPCLink<Contract>, AsyncDisposable {
  close(): Promise<void>;
}

/** Hands a client's connection to its link. */
export function toGatewayLink(client: OpenClaw): GatewayLink {
  const link: TRPCLink<Contract> = (runtime) => client.link(runtime);
  const close = () => client.close();
  return Object.assign(link, { close, [Symbol.asyncDispose]: close });
}
