import { defineConfig } from 'tsdown';
import { buildId } from './scripts/build-id.ts';
import { catalogueWithDocs } from './scripts/catalogue.ts';

const shared = {
  format: 'esm',
  platform: 'node',
  outDir: 'dist',
  dts: false,
  sourcemap: false,
  hash: true,
  tsconfig: 'tsconfig.json',
  outputOptions: { minifyInternalExports: false },
} as const;

/** Writes the derived commands down, with what the contract's sources say about each field: no command loads zod for its help. */
const frozenCatalogue = {
  name: 'frozen-catalogue',
  async load(id: string) {
    if (!id.endsWith('/cli/catalogue.ts')) return null;
    return `export const catalogue = ${JSON.stringify(await catalogueWithDocs())};`;
  },
};

/** The launcher starts the command line from its own file, so that an old Node never reads it. */
const separateMain = {
  name: 'separate-main',
  resolveId: (id: string) => (id === './main.ts' ? { id: './main.mjs', external: true } : null),
};

export default defineConfig([
  { ...shared, entry: { openclaw: 'cli/openclaw.ts' }, target: 'node18', plugins: [separateMain], clean: true },
  {
    ...shared,
    // What reads documents runs in a thread, which is started from a file of its own (server/media/documents.ts).
    entry: { main: 'cli/main.ts', 'document-thread': 'server/media/document-thread.ts' },
    target: 'node24',
    plugins: [frozenCatalogue],
    define: { openclawBuildId: JSON.stringify(buildId()) },
    // One file per lazily loaded part starts faster than hundreds from node_modules.
    deps: { alwaysBundle: [/./], onlyBundle: false },
    clean: false,
  },
]);
