import type { ModelApi } from '../config/provider-config.ts';

/** What is known of a provider without any configuration. */
export interface KnownProvider {
  id: string;
  /** For people. */
  name: string;
  api: ModelApi;
  baseUrl: string;
  /** Environment variables that carry its key, the first that is set wins. Empty: it needs none. */
  keyVariables: readonly string[];
  /** Environment variable with another address; its server is spoken to with `openai-completions`. */
  baseUrlVariable?: string;
  /** The model used when the key is all that is given. */
  defaultModel?: string;
  embeddingModel?: string;
}

/**
 * The providers that work by name, those with environment keys in the order in which they are preferred.
 * The default models are the middle of each provider's range as of November 2026, or an alias that the provider keeps current;
 * `agents.defaults.model.primary` names another.
 */
export const knownProviders: readonly KnownProvider[] = [
  {
    id: 'openai',
    name: 'OpenAI',
    api: 'openai-responses',
    baseUrl: 'https://api.openai.com/v1',
    keyVariables: ['OPENAI_API_KEY'],
    baseUrlVariable: 'OPENAI_BASE_URL',
    defaultModel: 'gpt-6-sol',
    embeddingModel: 'text-embedding-3-small',
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    api: 'anthropic-messages',
    baseUrl: 'https://api.anthropic.com/v1',
    keyVariables: ['ANTHROPIC_API_KEY'],
    defaultModel: 'claude-sonnet-5',
  },
  {
    id: 'google',
    name: 'Google',
    api: 'google-generative-ai',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    defaultModel: 'gemini-flash-latest',
    embeddingModel: 'gemini-embedding-001',
  },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    api: 'openai-completions',
    baseUrl: 'https://openrouter.ai/api/v1',
    keyVariables: ['OPENROUTER_API_KEY'],
    defaultModel: 'auto',
  },
  {
    id: 'ollama',
    name: 'Ollama',
    api: 'ollama',
    baseUrl: 'http://127.0.0.1:11434',
    keyVariables: [],
  },
  {
    id: 'lmstudio',
    name: 'LM Studio',
    api: 'openai-completions',
    baseUrl: 'http://127.0.0.1:1234/v1',
    keyVariables: [],
  },
  {
    id: 'llamacpp',
    name: 'llama.cpp',
    api: 'openai-completions',
    baseUrl: 'http://127.0.0.1:8080/v1',
    keyVariables: [],
  },
];

/** Other names of known providers. */
const aliases: Readonly<Record<string, string>> = {
  gemini: 'google',
  'lm-studio': 'lmstudio',
  'llama.cpp': 'llamacpp',
};

/** The known provider with that id or alias. */
export function findKnownProvider(id: string): KnownProvider | undefined {
  return knownProviders.find((known) => known.id === (aliases[id] ?? id));
}
