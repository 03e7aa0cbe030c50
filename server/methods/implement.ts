import type { AnyTRPCRouter } from '@trpc/server';
import type { Declared } from '../../sdk/protocol/method.ts';
import type { Context } from './context.ts';

/** What a handler receives: the validated input with its defaults, the domains, the caller's signal. */
export interface Call<Input> {
  input: Input;
  ctx: Context;
  signal: AbortSignal | undefined;
}
export type Handler<In, Out> = (call: Call<In>) => Out | Promise<Out>;
type HandlerOf<D> = D extends Declared<infer In, infer Out> ? Handler<In, Out> : never;
type Handlers<R> = { [K in keyof R]: HandlerOf<R[K]> };

/** Binds one namespace of the contract to its handlers: a missing, extra or wrong handler does not compile. */
export const implement = <R extends AnyTRPCRouter>(_namespace: R, handlers: Handlers<R['_def']['record']>) => handlers;

/** Binds one method that stands at the root of the contract. */
export const implementOne = <D>(_method: D, handler: HandlerOf<D>) => handler;
