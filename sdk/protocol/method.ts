import { initTRPC, type TRPCDefaultErrorShape, TRPCError } from '@trpc/server';
import type { z } from 'zod';
import { type ErrorShape, findGatewayError, GatewayError, toErrorShape } from './errors.ts';
import { isGranted, type OperatorScope, type Principal } from './scopes.ts';

/** How a method looks on the command line, where the input alone does not tell. */
export interface CommandHints {
  /** Input fields given by position, in this order. */
  positionals?: readonly string[];
  /** Fields that may hold a long text: each can be read from a file (`--content-file`) or from stdin (`-`), too. */
  long?: readonly string[];
  /** True when the method makes no sense from a shell, for example a subscription. */
  hidden?: boolean;
}

/** How often one caller may call one method. */
export interface CallLimit {
  calls: number;
  windowMs: number;
}

/** For methods that change the gateway itself: keeps a client or an agent that runs in circles from wearing it out. */
export const controlPlane: CallLimit = { calls: 30, windowMs: 60_000 };

export interface MethodMeta {
  /** One sentence: help text, reference page and editor hover. */
  summary: string;
  /** What the caller must hold; `null` when any authenticated caller may ask. */
  scope: OperatorScope | null;
  /** Default none. */
  limit?: CallLimit | undefined;
}

export interface EventMeta extends MethodMeta {
  /** True when a slow connection may miss it; the hole in `seq` tells the client. */
  droppable: boolean;
}

/** The second answer to a two-stage method (docs/protocol.md, "Runs"). */
export interface SecondAnswer {
  ok: boolean;
  payload: unknown;
  error?: ErrorShape | undefined;
}

/** What a transport provides to every call. */
export interface CallContext {
  principal: Principal;
  handle(path: string, input: unknown, call: { signal: AbortSignal | undefined; context: CallContext }): unknown;
  listen(event: string, signal: AbortSignal | undefined): AsyncIterable<unknown>;
  /**
   * Counts a call of a method that has a limit.
   * @throws GatewayError UNAVAILABLE, with `retryAfterMs`, when the caller has used up its calls.
   */
  spend(path: string, limit: CallLimit): void;
  /** Present on transports that can answer a request twice; the promise never rejects. */
  follow?(answer: Promise<SecondAnswer>): void;
}

/** What a call over HTTP fails with. Has a name so that the declaration of each method need not spell it. */
export interface ErrorShapeOverHttp extends TRPCDefaultErrorShape {
  data: TRPCDefaultErrorShape['data'] & { gateway: ErrorShape | undefined };
}

const t = initTRPC
  .context<CallContext>()
  .meta<MethodMeta>()
  .create({
    // Otherwise every answer over HTTP carries a stack trace unless NODE_ENV says `production`.
    isDev: false,
    sse: { ping: { enabled: true, intervalMs: 15_000 } },
    errorFormatter: ({ shape, error }): ErrorShapeOverHttp => {
      const known = findGatewayError(error);
      return { ...shape, data: { ...shape.data, gateway: known && toErrorShape(known) } };
    },
  });

export type RootTypes = { ctx: CallContext; meta: MethodMeta; errorShape: ErrorShapeOverHttp; transformer: false };
export const router = t.router;

const requireScope = (principal: Principal, scope: OperatorScope | null | undefined): void => {
  if (!scope || isGranted(principal.scopes, scope)) return;
  const error = new GatewayError('FORBIDDEN', `missing scope: ${scope}`, {
    details: { code: 'MISSING_SCOPE', missingScope: scope, requiredScopes: [scope] },
  });
  throw new TRPCError({ code: 'FORBIDDEN', message: error.message, cause: error });
};

const spend = (ctx: CallContext, path: string, limit: CallLimit): void => {
  try {
    ctx.spend(path, limit);
  } catch (error) {
    throw new TRPCError({ code: 'TOO_MANY_REQUESTS', message: (error as Error).message, cause: error });
  }
};

const guarded = t.procedure.use(({ ctx, meta, path, next }) => {
  requireScope(ctx.principal, meta?.scope);
  if (meta?.limit) spend(ctx, path, meta.limit);
  return next();
});

export interface MethodSpec<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> extends MethodMeta {
  input: I;
  output: O;
  /** A further scope that this input needs, for the methods that the published protocol calls dynamic. */
  elevates?(input: z.output<I>): OperatorScope | undefined;
  /** Input fields that clients of the published product send and that have no effect here: taken, but not offered. */
  inert?: readonly (keyof NonNullable<z.input<I>> & string)[];
  cli?: CommandHints;
}

/** Any zod schema, named without zod so that none of its types reach the declarations. */
export interface Schema {
  readonly '~standard': { readonly vendor: string };
}

/** What the CLI, the reference page and the hub read from a procedure; tRPC keeps its own copy private. */
export interface Spec extends MethodMeta {
  kind: 'query' | 'mutation';
  input: Schema;
  output: Schema;
  inert?: readonly string[] | undefined;
  cli?: CommandHints | undefined;
}

/** Hung on every method: its spec and, for types only, what its handler gets and gives. */
export interface Declared<In, Out> {
  readonly spec: Spec;
  readonly handles?: (input: In) => Out;
}

/** Hung on every event. */
export interface DeclaredEvent<Payload> {
  readonly event: EventMeta & { payload: Schema };
  readonly carries?: Payload;
}

const declare = <I extends z.ZodType, O extends z.ZodType>({
  input,
  output,
  summary,
  scope,
  limit,
}: MethodSpec<I, O>) => guarded.meta({ summary, scope, limit }).input(input).output(output);

const resolve =
  <I extends z.ZodType, O extends z.ZodType>({ elevates }: MethodSpec<I, O>) =>
  ({ ctx, path, input, signal }: Resolving): never => {
    requireScope(ctx.principal, elevates?.(input as z.output<I>));
    return ctx.handle(path, input, { signal, context: ctx }) as never;
  };

interface Resolving {
  ctx: CallContext;
  path: string;
  input: unknown;
  signal: AbortSignal | undefined;
}

/** Declares a method that changes nothing. */
export const query = <I extends z.ZodType, O extends z.ZodType>(spec: MethodSpec<I, O>) =>
  Object.assign(declare(spec).query(resolve(spec)), { spec: { ...spec, kind: 'query' } } as Declared<
    z.output<I>,
    z.input<O>
  >);

/** Declares a method with effects. */
export const mutation = <I extends z.ZodType, O extends z.ZodType>(spec: MethodSpec<I, O>) =>
  Object.assign(declare(spec).mutation(resolve(spec)), { spec: { ...spec, kind: 'mutation' } } as Declared<
    z.output<I>,
    z.input<O>
  >);

/** Declares something that is published; clients subscribe to it. */
export const event = <P extends z.ZodType>({ payload, ...meta }: EventMeta & { payload: P }) =>
  Object.assign(
    guarded.meta(meta).subscription(async function* ({ ctx, path, signal }): AsyncGenerator<z.output<P>> {
      yield* ctx.listen(path.slice('events.'.length), signal) as AsyncIterable<z.output<P>>;
    }),
    { event: { ...meta, payload } } as DeclaredEvent<z.output<P>>,
  );
