import type { z } from 'zod';

type Exact<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Flat<T> = T extends (infer E)[] ? Flat<E>[] : T extends object ? { [K in keyof T]: Flat<T[K]> } : T;

/** Binds a zod schema to a documented interface; a missing, extra or optional-for-required field is a compile error. */
export const shape =
  <T>() =>
  <S extends z.ZodType>(
    schema: Exact<Flat<z.output<S>>, Flat<T>> extends true ? S : ['schema differs from interface', z.output<S>],
  ) =>
    schema as unknown as z.ZodType<T, T>;
