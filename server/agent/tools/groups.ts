import { isWildcardMatch } from './wildcard.ts';

/**
 * Names that a policy may use for several tools at once, as the published configuration defines them
 * (docs/tools.md, "Groups"). They name tools of the published product that this gateway does not have, too: a policy that
 * was written for those means the same here.
 */
const toolGroups: Readonly<Record<string, readonly string[]>> = {
  'group:runtime': ['exec', 'process', 'code_execution'],
  'group:fs': ['read', 'write', 'edit', 'apply_patch'],
  'group:sessions': [
    'sessions',
    'sessions_list',
    'sessions_history',
    'sessions_search',
    'conversations_list',
    'conversations_send',
    'conversations_turn',
    'sessions_send',
    'sessions_spawn',
    'sessions_yield',
    'subagents',
    'session_status',
    'suggest_task',
    'dismiss_task',
  ],
  'group:memory': ['memory_search', 'memory_get'],
  'group:web': ['web_search', 'x_search', 'web_fetch'],
  'group:ui': ['browser', 'screen', 'theme', 'dashboard', 'terminal', 'portal', 'canvas', 'show_widget'],
  'group:automation': ['heartbeat_respond', 'automations', 'cron', 'gateway', 'plugins', 'openclaw'],
  'group:messaging': ['message'],
  'group:nodes': ['nodes', 'computer'],
  'group:agents': [
    'agents_list',
    'get_goal',
    'create_goal',
    'update_goal',
    'progress_card',
    'ask_user',
    'skill_workshop',
  ],
  'group:media': ['view_image', 'image_generate', 'music_generate', 'video_generate', 'tts', 'pdf'],
};

/** Tools that `group:openclaw`, every built-in tool, leaves out. */
const notOpenclaw = new Set(['read', 'write', 'edit', 'apply_patch', 'exec', 'process', 'canvas']);

/** What a profile can be called. */
export const profileIds = ['minimal', 'coding', 'messaging', 'full'] as const;
export type ProfileId = (typeof profileIds)[number];

/** The names, groups and patterns that a profile allows; `full` allows everything. */
export const toolProfiles: Readonly<Record<ProfileId, readonly string[]>> = {
  minimal: ['session_status', 'gateway'],
  coding: [
    'group:fs',
    'group:runtime',
    'group:web',
    'group:sessions',
    'group:memory',
    'cron',
    'gateway',
    'get_goal',
    'create_goal',
    'update_goal',
    'progress_card',
    'ask_user',
    'skill_workshop',
    'view_image',
    'image_generate',
    'music_generate',
    'video_generate',
    'theme',
  ],
  messaging: [
    'group:messaging',
    'sessions',
    'sessions_list',
    'sessions_history',
    'sessions_search',
    'conversations_list',
    'conversations_send',
    'conversations_turn',
    'sessions_send',
    'sessions_spawn',
    'sessions_yield',
    'subagents',
    'session_status',
    'gateway',
    'ask_user',
    'theme',
  ],
  full: ['*'],
};

/** Other names of tools. */
const aliases: Readonly<Record<string, string>> = { bash: 'exec' };

/** Every name that the published configuration gives to a tool. */
const published = new Set(Object.values(toolGroups).flat());
const everyGroup = new Set([...Object.keys(toolGroups), 'group:openclaw', 'group:plugins']);

/** True when an entry of a policy can mean a tool, here or in the published product. */
export function isKnownEntry(entry: string): boolean {
  const word = toWord(entry);
  return word.includes('*') || everyGroup.has(word) || published.has(word);
}

/** Tells whether an entry of a policy means a tool: by its name, a group, or a pattern with `*`. Case does not matter. */
export function isMeant(entry: string, name: string): boolean {
  const word = toWord(entry);
  if (word === 'group:openclaw') return !notOpenclaw.has(name);
  const group = toolGroups[word];
  if (group) return group.includes(name);
  return isWildcardMatch(word, name);
}

function toWord(entry: string): string {
  const word = entry.trim().toLowerCase();
  return aliases[word] ?? word;
}
