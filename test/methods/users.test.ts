import { expect, it } from 'vitest';
import { startTestGateway } from '../gateway.ts';
import { openSocket } from '../socket.ts';

it('users.self is nobody for who comes with a shared secret', async () => {
  await using gateway = await startTestGateway();
  await using socket = await openSocket(gateway.url);
  expect(await socket.refused('users.self')).toEqual({
    code: 'FORBIDDEN',
    message: 'users.self requires an authenticated user',
  });
  expect(await socket.refused('users.self', { id: 'me' })).toMatchObject({ code: 'INVALID_REQUEST' });
});
