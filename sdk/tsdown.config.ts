import { defineConfig } from 'tsdown';

/** What the declarations need to compile in any project. */
const selfContained = {
  name: 'self-contained-declarations',
  generateBundle(_options: unknown, bundle: Record<string, { fileName: string; code?: string; isEntry?: boolean }>) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.code === undefined || !chunk.fileName.endsWith('.d.ts')) continue;
      // Who uses only the client must be able to compile without zod.
      const code = chunk.code.replace(/^import .* from "zod";$/m, '// @ts-ignore: an optional peer\n$&');
      // `await using`, also for tRPC's declarations, whatever `lib` the project has.
      chunk.code = chunk.isEntry ? `/// <reference lib="esnext.disposable" />\n${code}` : code;
    }
  },
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
  plugins: [selfContained],
});
