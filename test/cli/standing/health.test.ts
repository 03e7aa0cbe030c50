import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHome, freePort, type Home } from '../processes.ts';

describe('health and gateway call', () => {
  let home: Home;
  let url = '';
  beforeAll(async () => {
    home = await createHome();
    ({ url } = await home.gateway());
  });
  afterAll(() => home[Symbol.asyncDispose]());

  it('health says how the gateway is', async () => {
    const ended = await home.run(['health']);
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^Agents: main/m);
    expect(ended.stdout).toMatch(/^Session store: \S+/m);
    expect(JSON.parse((await home.run(['health', '--json'])).stdout)).toMatchObject({
      ok: true,
      ts: expect.any(Number),
      durationMs: expect.any(Number),
      channels: {},
      agents: [{ agentId: 'main' }],
    });
  });

  it('health --verbose adds the connection, the load and every agent', async () => {
    const ended = await home.run(['health', '--verbose']);
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toContain(`Connection: ${url} (from `);
    expect(ended.stdout).toMatch(/^Credentials: from \S+gateway\.json, let in as operator with operator\.admin/m);
    expect(ended.stdout).toMatch(/^Load: event loop busy \d+%, CPU \d+% of a core/m);
    expect(ended.stdout).toMatch(/^Agent main, the default one: \d+ sessions$/m);
  });

  it('health fails when nobody answers', async () => {
    const env = { OPENCLAW_GATEWAY_PORT: String(await freePort()) };
    for (const args of [['health'], ['health', '--verbose'], ['health', '--json']]) {
      const ended = await home.run(args, { env });
      expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
      expect(ended.stderr).toMatch(/^no gateway answers at [^\n]*\n$/);
    }
  });

  it('gateway call prints the answer, with and without --json', async () => {
    const [bare, json] = await Promise.all([
      home.run(['gateway', 'call', 'agents.list']),
      home.run(['gateway', 'call', 'agents.list', '--json']),
    ]);
    expect(JSON.parse(bare.stdout)).toMatchObject({ defaultId: 'main' });
    expect(JSON.parse(json.stdout)).toEqual(JSON.parse(bare.stdout));
  });

  it('gateway call tells a refusal in the words of the gateway, then whom it asked and with what', async () => {
    const ended = await home.run(['gateway', 'call', 'health', '--token', 'wrong-token-of-somebody']);
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toMatch(
      /^Gateway call failed: unauthorized: gateway token mismatch .*\(asked ws:\S+; the token comes from --token.*\)\n$/,
    );
    expect(ended.stderr).not.toContain('wrong-token-of-somebody');
    expect(ended.stderr).not.toContain('new OpenClaw');
  });

  it('gateway call says who did not answer', async () => {
    const port = await freePort();
    const ended = await home.run(['gateway', 'call', 'health'], { env: { OPENCLAW_GATEWAY_PORT: String(port) } });
    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain(`Gateway call failed: no gateway answers at ws://127.0.0.1:${port}`);
  });
});
