import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../needs.ts';
import { createHome, type Home, launcher } from '../processes.ts';

const bash = findProgram('bash', 'completion in bash');
const zsh = findProgram('zsh', 'completion in zsh');
const fish = findProgram('fish', 'completion in fish');
const pwsh = findProgram('pwsh', 'completion in PowerShell');

let home: Home;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  home = await createHome();
  const bin = join(home.dir, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'openclaw'), `#!/bin/sh\nexec '${process.execPath}' '${launcher}' "$@"\n`);
  await chmod(join(bin, 'openclaw'), 0o755);
  await mkdir(home.stateDir);
  await mkdir(join(home.dir, '.openclaw-work'));
  await writeFile(
    join(home.stateDir, 'openclaw.json'),
    "{ gateway: { mode: 'local' }, agents: { entries: { main: {}, writer: {} } }, channels: { telegram: {} } }",
  );
  await home.gateway();
  const made = await home.run(['sessions', 'create', 'agent:main:novel']);
  expect(made.exitCode).toBe(0);
  env = { ...home.env, PATH: `${bin}:${process.env.PATH}` };
});
afterAll(() => home[Symbol.asyncDispose]());

function run(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env, cwd: home.dir, timeout: 60_000 };
    execFile(file, args, options, (error, stdout, stderr) =>
      error ? reject(new Error(`${error.message}\n${stdout}\n${stderr}`)) : resolve(stdout),
    );
  });
}

/** Unfinished lines, a candidate that has to be there, and one that may not. */
const lines: [line: string, wanted: string, unwanted: string][] = [
  ['openclaw gatew', 'gateway', 'sessions'],
  ['openclaw --profile x sessions l', 'list', 'create'],
  ['openclaw gateway --allow', '--allow-unconfigured', '--bind'],
  ['openclaw gateway --bind l', 'loopback', 'tailnet'],
  ['openclaw agent --agent w', 'writer', 'main'],
  ['openclaw gateway call sessions.l', 'sessions.list', 'sessions.get'],
  ['openclaw --profile w', 'work', 'state'],
  ['openclaw channels status --channel te', 'telegram', 'discord'],
  ['openclaw completion f', 'fish', 'bash'],
];

describe.skipIf(!bash)('completion in bash', () => {
  /** As bash calls it: words are parted at `:` and `=`. */
  const ask = async (line: string) => {
    const script = `source <(openclaw completion bash); complete -p openclaw >&2
      COMP_LINE=$1; COMP_POINT=\${#1}; COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
      _openclaw_complete openclaw; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return (await run(bash ?? '', ['--norc', '--noprofile', '-c', script, 'bash', line])).trim().split('\n');
  };

  it.each(lines)('knows what follows %j', async (line, wanted, unwanted) => {
    const found = await ask(line);
    expect(found).toContain(wanted);
    expect(found).not.toContain(unwanted);
  });

  it('puts in only what stands behind a colon or an equals sign', async () => {
    expect(await ask('openclaw sessions get agent:main:n')).toEqual(['novel']);
    expect(await ask('openclaw gateway --bind=loo')).toEqual(['loopback']);
  });

  it('leaves files to bash', async () => {
    expect(await ask('openclaw agent --message-file ')).toEqual(['']);
  });
});

describe.skipIf(!fish)('completion in fish', () => {
  const ask = async (line: string) => {
    const script = 'openclaw completion fish | source; complete -C $argv[1]';
    const text = await run(fish ?? '', ['--no-config', '-c', script, line]);
    return text.split('\n').map((row) => row.split('\t')[0]);
  };

  it.each(lines)('knows what follows %j', async (line, wanted, unwanted) => {
    const found = await ask(line);
    expect(found).toContain(wanted);
    expect(found).not.toContain(unwanted);
  });

  it('knows the sessions of the gateway, and files', async () => {
    expect(await ask('openclaw sessions get agent:main:n')).toContain('agent:main:novel');
    expect(await ask('openclaw agent --message-file bi')).toContain('bin/');
  });
});

describe.skipIf(!zsh)('completion in zsh', () => {
  /** Types a line and a tab at a terminal of its own, then has the line written down that became of it. */
  const type = async (line: string) => {
    const took = join(home.dir, 'took');
    await rm(took, { force: true });
    const script = `zmodload zsh/zpty
      zpty -b typed ${zsh} -f -i
      zpty -w typed "autoload -Uz compinit; compinit -u -d $HOME/.zcompdump; source <(openclaw completion zsh)"
      zpty -w typed "took() { print -r -- \\$BUFFER > ${took} }; zle -N took; bindkey '^T' took; print re''ady"
      local seen=; while [[ $seen != *ready* ]]; do zpty -r typed part && seen+=$part; done
      zpty -w -n typed "$1"$'\\t\\C-t'
      while [[ ! -s ${took} ]]; do zpty -rt typed part; sleep 0.05; done
      zpty -d typed`;
    await run(zsh ?? '', ['-f', '-c', script, 'zsh', line]);
    return (await readFile(took, 'utf8')).trim();
  };

  it.each([
    ['openclaw gatew', 'openclaw gateway'],
    ['openclaw gateway --bind loo', 'openclaw gateway --bind loopback'],
    ['openclaw sessions get agent:main:n', 'openclaw sessions get agent:main:novel'],
    ['openclaw agent --agent wr', 'openclaw agent --agent writer'],
  ])('makes of %j and a tab: %j', async (line, whole) => {
    expect(await type(line)).toBe(whole);
  });
});

it('is put into a line of PowerShell in quotes, where it has more than a word in it', async () => {
  // A session may be called `$(...)` by whoever began it: unquoted, the next return would run that.
  const { stdout } = await home.run(['completion', 'powershell']);
  expect(stdout).toContain('EscapeSingleQuotedStringContent($value)');
  expect(stdout).toContain('CompletionResult]::new($text, $value,');
});

describe.skipIf(!pwsh)('completion in PowerShell', () => {
  it.each(lines)('knows what follows %j', async (line, wanted, unwanted) => {
    const script = `openclaw completion powershell | Out-String | Invoke-Expression
      (TabExpansion2 -inputScript '${line}' -cursorColumn ${line.length}).CompletionMatches.CompletionText`;
    const found = (await run(pwsh ?? '', ['-NoProfile', '-Command', script])).trim().split(/\r?\n/);
    expect(found).toContain(wanted);
    expect(found).not.toContain(unwanted);
  });
});

describe('what shells ask', () => {
  it('leaves out names that would be lines of their own, or speak to the terminal', async () => {
    await using other = await createHome();
    await mkdir(other.stateDir);
    const models = ['plain', 'two\nlines', 'red\u001b[31m', 'a\tb'].map((id) => ({ id, name: id }));
    const provider = { baseUrl: 'http://127.0.0.1:1/v1', apiKey: 'k', api: 'openai-completions', models };
    await writeFile(
      join(other.stateDir, 'openclaw.json'),
      JSON.stringify({ gateway: { mode: 'local' }, models: { providers: { far: provider } } }),
    );
    await other.gateway();
    const { stdout } = await other.run(['__complete', 'words', 'agent', '--model', 'far/']);
    expect(stdout.split('\n').map((line) => line.split('\t')[0])).toEqual(['far/plain', '']);
  });

  it('gets nothing where no gateway answers, at once and without a word', async () => {
    const none = await home.run(['__complete', 'words', '--url', 'ws://127.0.0.1:1', 'agent', '--agent', '']);
    expect(none).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const nonsense = await home.run(['__complete', 'words', '--timeout', 'x', '--bogus', '-', '--', '=', '']);
    expect(nonsense).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('is in no help', async () => {
    expect((await home.run(['--help'])).stdout).not.toContain('__complete');
  });

  it('is printed by shell, also by that of SHELL, and as JSON', async () => {
    const named = await home.run(['completion', 'fish']);
    const found = await home.run(['completion'], { env: { SHELL: '/usr/local/bin/fish' } });
    expect(found.stdout).toBe(named.stdout);
    expect(JSON.parse((await home.run(['completion', 'fish', '--json'])).stdout)).toEqual({
      schemaVersion: 1,
      shell: 'fish',
      script: named.stdout,
    });
    expect(await home.run(['completion', 'tcsh'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('name one of bash, zsh, fish, powershell'),
    });
  });
});

describe('openclaw help', () => {
  it('tells what exit codes mean, and shows the help of any command', async () => {
    const codes = await home.run(['help', 'exit-codes']);
    expect(codes.stdout.match(/^ +\d+/gm)?.map(Number)).toEqual([0, 1, 2, 78, 130]);
    const { exitCodes, schemaVersion } = JSON.parse((await home.run(['help', 'exit-codes', '--json'])).stdout);
    expect([schemaVersion, exitCodes.map(({ code }: { code: number }) => code)]).toEqual([1, [0, 1, 2, 78, 130]]);
    const list = await home.run(['help', 'sessions', 'list']);
    expect(list.stdout).toBe((await home.run(['sessions', 'list', '--help'])).stdout);
    expect((await home.run(['help'])).stdout).toBe((await home.run(['--help'])).stdout);
    expect(await home.run(['help', 'sesions'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('did you mean sessions?'),
    });
  });
});
