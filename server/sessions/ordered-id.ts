import { randomUUID } from 'node:crypto';

/**
 * A UUID of version 7 (RFC 9562): its first 48 bits are the milliseconds since the epoch. Rows whose ids are made one after
 * the other stand beside each other in every index, so that one page of the disk takes many of them.
 */
export function createOrderedId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
