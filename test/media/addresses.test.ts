import { describe, expect, it } from 'vitest';
import { isElsewhere, isPublicAddress } from '../../server/media/addresses.ts';
import { isListedHost, parseRedirect, parseRemoteUrl } from '../../server/media/remote-url.ts';

describe('an address on the public internet', () => {
  it.each(['8.8.8.8', '1.1.1.1', '93.184.215.14', '2606:4700:4700::1111', '2a00:1450:4001:80b::200e'])(
    'is %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ['this network', '0.0.0.0'],
    ['private', '10.0.0.1'],
    ['shared (CGNAT)', '100.64.0.1'],
    ['Alibaba metadata', '100.100.100.200'],
    ['loopback', '127.0.0.1'],
    ['any loopback', '127.255.255.254'],
    ['metadata', '169.254.169.254'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['special', '192.0.0.8'],
    ['Oracle metadata', '192.0.0.192'],
    ['documentation', '192.0.2.1'],
    ['6to4 relay', '192.88.99.1'],
    ['private', '192.168.1.1'],
    ['benchmark', '198.18.0.1'],
    ['benchmark', '198.19.255.255'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['host of a virtual machine', '168.63.129.16'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['mapped loopback', '::ffff:127.0.0.1'],
    ['mapped public', '::ffff:8.8.8.8'],
    ['mapped, in hex', '::ffff:7f00:1'],
    ['IPv4-compatible', '::8.8.8.8'],
    ['translated', '::ffff:0:8.8.8.8'],
    ['NAT64', '64:ff9b::808:808'],
    ['local NAT64', '64:ff9b:1::1'],
    ['discard', '100::1'],
    ['Teredo', '2001::1'],
    ['benchmark', '2001:2::1'],
    ['ORCHID', '2001:20::1'],
    ['documentation', '2001:db8::1'],
    ['6to4', '2002:7f00:1::'],
    ['documentation', '3fff::1'],
    ['segment routing', '5f00::1'],
    ['unassigned', '4000::1'],
    ['ULA', 'fc00::1'],
    ['metadata', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['public with a zone', '2606:4700::1%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['no address', 'localhost'],
    ['nothing', ''],
  ])('is not %s: %s', (_, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('an address elsewhere', () => {
  const facts = { netmask: '', mac: '', internal: false, cidr: null };
  const own = {
    eth0: [
      { ...facts, family: 'IPv4' as const, address: '8.8.4.4' },
      { ...facts, family: 'IPv6' as const, address: '2a00:1450:4001:80b::1', scopeid: 0 },
      { ...facts, family: 'IPv6' as const, address: 'fe80::1', scopeid: 2 },
    ],
  };

  it('is public, and none of this machine, however it is written', () => {
    expect(isElsewhere('8.8.8.8', own)).toBe(true);
    expect(isElsewhere('2a00:1450:4001:80b::2', own)).toBe(true);
    for (const address of ['8.8.4.4', '2a00:1450:4001:80b::1', '2A00:1450:4001:080b:0:0:0:1', '127.0.0.1', 'fe80::1'])
      expect([address, isElsewhere(address, own)]).toEqual([address, false]);
  });
});

describe('the address of a remote file', () => {
  it.each([
    'https://example.com/a.png?x=1#y',
    'http://example.com:8080/',
    'https://8.8.8.8/a',
    'https://[2606:4700::1]/',
  ])('may be %s', (text) => {
    expect(parseRemoteUrl(text)?.protocol).toMatch(/^https?:$/);
  });

  it.each([
    'ftp://example.com/a',
    'file:///etc/passwd',
    'gopher://example.com/',
    'data:text/plain,x',
    'javascript:alert(1)',
    'https://user@example.com/',
    'https://user:secret@example.com/',
    'https://example.com@127.0.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://134744072/',
    'http://127.0.0.1./',
    'http://example.com./',
    'http://１２７.0.0.1/',
    'http://[::ffff:127.0.0.1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http:\\\\example.com/',
    'http://exa mple.com/',
    'http://example.com/\nX-Header: 1',
    'http://',
    'example.com',
    '',
    `https://example.com/${'a'.repeat(9000)}`,
  ])('may not be %j', (text) => {
    const url = parseRemoteUrl(text);
    // What is left for the check of its IP address must be spelled as it was understood.
    expect(url === undefined || !isPublicAddress(url.hostname.replace(/[[\]]/g, '')) === true).toBe(true);
    expect(url).toBeUndefined();
  });

  it.each([
    ['/b', 'https://a.example/b'],
    ['b?c', 'https://a.example/x/b?c'],
    ['//b.example/c', 'https://b.example/c'],
    ['https://b.example/', 'https://b.example/'],
    ['http://a.example/', undefined],
    ['https://u:p@b.example/', undefined],
    ['//0x7f.1/', undefined],
    ['\\\\b.example/', undefined],
    ['', 'https://a.example/x/y'],
    ['file:///etc/passwd', undefined],
  ])('leads on to %j', (location, to) => {
    expect(parseRedirect(location, new URL('https://a.example/x/y'))?.href).toBe(to);
  });

  it.each<[string, string[], boolean]>([
    ['a.example', [], true],
    ['a.example', ['a.example'], true],
    ['A.example', ['a.EXAMPLE '], true],
    ['b.example', ['a.example'], false],
    ['x.a.example', ['a.example'], false],
    ['x.a.example', ['*.a.example'], true],
    ['x.y.a.example', ['*.a.example'], true],
    ['a.example', ['*.a.example'], false],
    ['xa.example', ['*.a.example'], false],
    ['a.example.evil.test', ['*.a.example', 'a.example'], false],
  ])('%s on the list %j: %s', (host, list, isListed) => {
    expect(isListedHost(host, list)).toBe(isListed);
  });
});
