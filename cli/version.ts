import manifest from '../package.json' with { type: 'json' };

/** Version of this package. */
export const version: string = manifest.version;

/** Written in by the build. */
declare const openclawBuildId: string | undefined;

/** Names the sources of this build; undefined where the sources themselves run. */
export const buildId: string | undefined = typeof openclawBuildId === 'undefined' ? undefined : openclawBuildId;
