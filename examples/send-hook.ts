/**
 * Sends a hook that is signed as Standard Webhooks asks (https://www.standardwebhooks.com). The gateway needs a mapping with
 * `signature: { scheme: 'standard-webhooks', secret: ... }` for the path: docs/hooks.md.
 *
 *   ORDERS_WEBHOOK_SECRET=whsec_... node examples/send-hook.ts http://127.0.0.1:18789/hooks/orders
 */
import { createHmac, randomUUID } from 'node:crypto';

const [url = 'http://127.0.0.1:18789/hooks/orders'] = process.argv.slice(2);
const secret = process.env.ORDERS_WEBHOOK_SECRET;
if (!secret) throw new Error('set ORDERS_WEBHOOK_SECRET to the secret of the mapping, whsec_ and base64');

const id = `msg_${randomUUID()}`;
const timestamp = String(Math.floor(Date.now() / 1000));
const body = JSON.stringify({ type: 'order.paid', data: { order: 4711, total: '12.50 EUR' } });
const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
const signature = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;

const answer = await fetch(url, {
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  },
  body,
});
console.log(answer.status, await answer.text());
