import type { Config, FileInputConfig, ImageInputConfig } from '../config/config.ts';
import type { FileRules } from './file-text.ts';
import { type ImageRules, imageMimes } from './image.ts';

/** How remote addresses are fetched, if at all. */
export interface RemoteRules {
  allowUrl: boolean;
  urlAllowlist: readonly string[];
  maxRedirects: number;
  timeoutMs: number;
  /** The object of the configuration that says so, for messages. */
  key: string;
}

/** What a route takes besides text. */
export interface MediaSettings {
  images: ImageRules & RemoteRules;
  files: FileRules & RemoteRules;
  /** Remote addresses in one request. */
  maxUrlParts: number;
}

const endpoints = 'gateway.http.endpoints';
const defaultUrlParts = 8;

/** Of /v1/chat/completions: remote images only when they are switched on; files as /v1/responses reads them. */
export function toChatMedia({ gateway }: Config): MediaSettings {
  const { chatCompletions, responses } = gateway?.http?.endpoints ?? {};
  return {
    images: toImages(chatCompletions?.images, { allowUrl: false, key: `${endpoints}.chatCompletions.images` }),
    files: { ...toFiles(responses?.files), allowUrl: false },
    maxUrlParts: defaultUrlParts,
  };
}

/** Of /v1/responses: remote images and files unless they are switched off. */
export function toResponseMedia({ gateway }: Config): MediaSettings {
  const { responses } = gateway?.http?.endpoints ?? {};
  return {
    images: toImages(responses?.images, { allowUrl: true, key: `${endpoints}.responses.images` }),
    files: toFiles(responses?.files),
    maxUrlParts: responses?.maxUrlParts ?? defaultUrlParts,
  };
}

// --- internal ---

const remote = { urlAllowlist: [] as string[], maxRedirects: 3, timeoutMs: 10_000 };
const fileMimes = ['text/plain', 'text/markdown', 'text/html', 'text/csv', 'application/json', 'application/pdf'];

function toImages(set: ImageInputConfig = {}, own: { allowUrl: boolean; key: string }): MediaSettings['images'] {
  return { ...remote, allowedMimes: [...imageMimes], maxBytes: 10_485_760, ...own, ...toGiven(set) };
}

function toFiles({ pdf = {}, ...set }: FileInputConfig = {}): MediaSettings['files'] {
  const own = { allowUrl: true, key: `${endpoints}.responses.files` };
  const limits = { allowedMimes: fileMimes, maxBytes: 5_242_880, maxChars: 60_000 };
  const pages = { maxPages: pdf.maxPages ?? 4, minTextChars: pdf.minTextChars ?? 200 };
  return { ...remote, ...limits, ...own, pdf: pages, ...toGiven(set) };
}

/** What the configuration sets; an empty list is as good as none. */
function toGiven<T extends object>(set: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const given = Object.entries(set).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && !value.length),
  );
  return Object.fromEntries(given) as { [K in keyof T]: Exclude<T[K], undefined> };
}
