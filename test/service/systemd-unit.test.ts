import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUnit, quoteWord, renderSystemUnit, renderUnit, unitName } from '../../cli/service/systemd-unit.ts';
import { example } from './example-launch.ts';

const awkward = string({ unit: constantFrom(...' aé"\'\\%$;#=`/'.split('')), minLength: 1, maxLength: 12 });

describe('the text of a unit', () => {
  it('gives back every path and value as it was', () => {
    assert(
      property(awkward, awkward, (path, value) => {
        const launch = { ...example('linux'), program: `/${path}`, environment: { HOME: value } };
        const { command, environment } = parseUnit(renderUnit(launch));
        expect(command).toEqual([launch.program, ...launch.args]);
        expect(environment).toEqual({ HOME: value, OPENCLAW_SYSTEMD_UNIT: 'openclaw-gateway.service' });
      }),
    );
  });

  it.each(['a\nb', 'a\rb', 'a\0b'])('cannot hold %j', (text) => {
    const launch = example('linux');
    expect(() => renderUnit({ ...launch, program: `/${text}` })).toThrow('has a line break in it');
    expect(() => renderUnit({ ...launch, secretsPath: `/${text}` })).toThrow('has a line break in it');
    expect(() => renderUnit({ ...launch, environment: { HOME: text } })).toThrow('has a line break in it');
    expect(() => renderSystemUnit({ ...launch, home: text }, 'ada')).toThrow('has a line break in it');
  });

  it.each([
    ['/usr/bin/node', '/usr/bin/node'],
    ['/a b', '"/a b"'],
    ['50%', '50%%'],
    ['say "hi"', '"say \\"hi\\""'],
    ['C:\\x', '"C:\\\\x"'],
    ['', '""'],
  ])('quotes %j as %s', (text, quoted) => expect(quoteWord(text)).toBe(quoted));

  it('is read also when somebody else has written it', () => {
    const text = [
      '; a comment',
      '[Unit]',
      'Description = Other',
      '[Service]',
      'Environment=\'A=1 2\' "B=x" C=50%%',
      'ExecStart=/usr/bin/node \\',
      '  entry.mjs gateway --port 19000',
      'Environment=D=',
    ].join('\n');
    const { settings, command, environment } = parseUnit(text);
    expect(settings[0]).toEqual({ section: 'Unit', key: 'Description', value: 'Other' });
    expect(command).toEqual(['/usr/bin/node', 'entry.mjs', 'gateway', '--port', '19000']);
    expect(environment).toEqual({ A: '1 2', B: 'x', C: '50%', D: '' });
  });

  it('has a name for each profile', () => {
    expect([undefined, 'work'].map(unitName)).toEqual(['openclaw-gateway.service', 'openclaw-gateway-work.service']);
  });
});
