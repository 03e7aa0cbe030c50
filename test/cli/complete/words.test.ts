import { describe, expect, it } from 'vitest';
import { behindBreak, splitLine } from '../../../cli/complete/words.ts';

describe('an unfinished line', () => {
  it.each([
    ['openclaw ', ['openclaw', '']],
    ['openclaw ses', ['openclaw', 'ses']],
    ['openclaw  a "b c" \'d e', ['openclaw', 'a', 'b c', 'd e']],
    ['openclaw "" x\\ y ', ['openclaw', '', 'x y', '']],
    ['openclaw "a\\"b\\c', ['openclaw', 'a"b\\c']],
    ["openclaw 'a\\", ['openclaw', 'a\\']],
    ['openclaw a\\', ['openclaw', 'a']],
  ])('%j is parted as a shell does', (line, words) => {
    expect(splitLine(line)).toEqual(words);
  });

  it.each([
    ['agent:main:x', 'agent:ma', ':=', 'main:x'],
    ['--bind=lan', '--bind=l', ':=', 'lan'],
    ['--key=agent:main', '--key=', ':=', 'agent:main'],
    ['agent:main:x', 'agent:ma', '=', 'agent:main:x'],
    ['gateway', 'gat', ':=', 'gateway'],
  ])('gets of %j after %j, with %j, only %j', (candidate, current, breaks, put) => {
    expect(behindBreak(candidate, current, breaks)).toBe(put);
  });
});
