import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { askSecretProgram, type SecretProgram } from '../../server/config/secret-exec.ts';
import { scratch } from '../scratch.ts';

const secret = 'hush-hush-0123456789';

/** A program that is a script, asked for secrets. */
async function ask(body: string, program: SecretProgram = {}, ids: readonly string[] = ['a/key']) {
  await using folder = await scratch();
  const command = join(folder.path, 'reader');
  await writeFile(command, `#!/bin/sh\n${body}\n`, { mode: 0o700 });
  const env = { LEFT: 'left', PASSED: 'passed' };
  const readings = await askSecretProgram({ provider: 'vault', ids }, { command, ...program }, env);
  return Object.fromEntries(readings);
}

const answer = (content: object) => `cat >/dev/null; printf '%s' '${JSON.stringify(content)}'`;
const values = (given: object) => answer({ protocolVersion: 1, values: given });

describe('a program', () => {
  it('is asked once for all ids, in one line of JSON, and answers each', async () => {
    await using folder = await scratch();
    const asked = join(folder.path, 'asked');
    const given = {
      protocolVersion: 1,
      values: { one: secret, two: 'other' },
      errors: { three: { code: 'NOT_FOUND' } },
    };
    const readings = await ask(`cat >> ${asked}; printf '%s' '${JSON.stringify(given)}'`, {}, ['one', 'two', 'three']);
    expect(readings).toEqual({
      one: { value: secret },
      two: { value: 'other' },
      three: { fault: expect.stringMatching(/reader\) answered the error NOT_FOUND for the id three$/) },
    });
    expect(await readFile(asked, 'utf8')).toBe(
      '{"protocolVersion":1,"provider":"vault","ids":["one","two","three"]}\n',
    );
  });

  it('gets its arguments as they are, its own variables and those it is passed, and nothing else', async () => {
    const tell = `printf '{"protocolVersion":1,"values":{"a/key":"%s|%s|%s|%s"}}' "$1" "$OWN" "$PASSED" "$LEFT"`;
    const program = { args: ['$(id) ; x'], env: { OWN: 'own' }, passEnv: ['PASSED', 'ABSENT'] };
    expect(await ask(tell, program)).toEqual({ 'a/key': { value: '$(id) ; x|own|passed|' } });
  });

  it('may write a single secret as it is, if that is allowed', async () => {
    const write = `printf '%s\\n' ${secret}`;
    expect(await ask(write, { jsonOnly: false })).toEqual({ 'a/key': { value: secret } });
    expect(await ask(values({ 'a/key': secret }), { jsonOnly: false })).toEqual({ 'a/key': { value: secret } });
    for (const refused of [ask(write), ask(write, { jsonOnly: false }, ['a', 'b']), ask(':', { jsonOnly: false })])
      for (const reading of Object.values(await refused))
        expect(reading).toEqual({ fault: expect.stringMatching(/something else than an answer|wrote nothing/) });
  });

  it.each<[string, string, RegExp, SecretProgram?]>([
    ['ends with an error', `echo ${secret}; exit 3`, /ended with exit code 3$/],
    ['is killed', 'kill -9 $$', /was ended by SIGKILL$/],
    ['writes no JSON', `echo ${secret}`, /something else than an answer of protocol version 1$/],
    ['speaks another version', answer({ protocolVersion: 2, values: { 'a/key': secret } }), /protocol version 1$/],
    ['leaves the id out', values({ other: secret }), /no text for the id a\/key$/],
    ['has an empty secret', values({ 'a/key': '' }), /no text for the id/],
    ['has a secret that is no text', values({ 'a/key': [secret] }), /no text for the id/],
    [
      'has an error that may be a secret',
      answer({ protocolVersion: 1, values: {}, errors: { 'a/key': { code: secret, message: secret } } }),
      /answered an error for the id a\/key$/,
    ],
    [
      'writes too much',
      `head -c 100000 /dev/zero; echo ${secret}`,
      /wrote more than 1000 bytes$/,
      { maxOutputBytes: 1000 },
    ],
    ['writes its secret to stderr', `echo ${secret} >&2; exit 1`, /exit code 1$/],
    ['is no program', `#!/nowhere/${secret}`, /something else|exit code/],
  ])('that %s gives nothing, and nothing of it is told', async (_, body, reason, program) => {
    const readings = await ask(body, program);
    expect(readings).toEqual({ 'a/key': { fault: expect.stringMatching(reason) } });
    expect(JSON.stringify(readings)).not.toContain(secret);
  });

  it('that hangs is ended after its time, with what it has started', async () => {
    await using folder = await scratch();
    const child = join(folder.path, 'pid');
    const readings = await ask(`sleep 600 & echo $! > ${child}; wait`, { timeoutMs: 500 });
    expect(readings).toEqual({ 'a/key': { fault: expect.stringMatching(/gave no answer within 500 ms$/) } });
    const pid = Number(await readFile(child, 'utf8'));
    // Killed it is at once; gone it is when whoever inherited it has looked.
    await vi.waitFor(async () => {
      expect(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone Z')).toMatch(/ Z/);
    });
  });

  it.each<SecretProgram>([
    { args: [`${secret}\0`] },
    { env: { X: `${secret}\0` } },
    { args: [secret.repeat(200_000)] },
  ])('that no system can start is told as such, without its arguments', async (program) => {
    const readings = await ask(values({ 'a/key': secret }), program);
    expect(readings).toEqual({ 'a/key': { fault: expect.stringMatching(/cannot be run/) } });
    expect(JSON.stringify(readings)).not.toContain(secret);
  });

  it.each(['', '../up', 'a/./b', 'a/..', '-x', 'a b', 'x'.repeat(257)])('is not asked for the id %j', async (id) => {
    const readings = await ask('exit 1', {}, [id]);
    expect(readings[id]).toEqual({ fault: expect.stringContaining('ids of programs are') });
  });
});

describe('a program is not run', () => {
  const refuse = async (command: string) =>
    (await askSecretProgram({ provider: 'vault', ids: ['a'] }, { command }, {})).get('a')?.fault;

  it.each([
    ['without a command', '', /command is not set$/],
    ['by its name alone', 'sh', /command \(sh\) has to be an absolute path$/],
    ['that is not there', '/nowhere/at/all', /does not exist$/],
  ])('%s', async (_, command, reason) => {
    expect(await refuse(command)).toMatch(reason);
  });

  it('that is a link, a folder, not to be executed, or can be written by others', async () => {
    await using folder = await scratch();
    const at = (name: string) => join(folder.path, name);
    await writeFile(at('file'), '#!/bin/sh\n', { mode: 0o700 });
    await symlink('file', at('link'));
    await mkdir(at('folder'));
    expect(await refuse(at('link'))).toMatch(/is a symbolic link/);
    expect(await refuse(at('folder'))).toMatch(/is no regular file/);
    for (const mode of [0o720, 0o702, 0o777]) {
      await chmod(at('file'), mode);
      expect(await refuse(at('file'))).toMatch(/can be written by others/);
    }
    await chmod(at('file'), 0o600);
    expect(await refuse(at('file'))).toMatch(/cannot be executed/);
    await chmod(at('file'), 0o700);
    await chmod(folder.path, 0o777);
    expect(await refuse(at('file'))).toMatch(/lies in a folder that others can write to/);
    await chmod(folder.path, 0o1777);
    expect(await refuse(at('file'))).not.toMatch(/folder/);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('that belongs to another user', async () => {
    expect(await refuse('/usr/bin/env')).toMatch(/belongs to another user|is a symbolic link/);
  });
});
