import { defineConfig } from 'tsdown';

/** zod is an optional peer: who uses only the client must be able to compile without it. */
const optionalZod = {
  name: 'optional-zod',
  renderChunk: (code: string, { fileName }: { fileName: string }) =>
    fileName.endsWith('.d.ts')
      ? code.replace(
          /^import .* from "zod";$/m,
          '// @ts-ignore: an optional peer, needed for @openclaw/sdk/protocol\n$&',
        )
      : undefined,
};

export default defineConfig({
  entry: { index: 'index.ts', 'index.node': 'index.node.ts', protocol: 'protocol/entry.ts' },
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  outDir: 'dist',
  clean: true,
  hash: false,
  dts: true,
  tsconfig: 'tsconfig.json',
  deps: { neverBundle: [/^node:/] },
  plugins: [optionalZod],
  publint: true,
  attw: { profile: 'esm-only', level: 'error' },
});
