import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModel } from 'ai';
import type { TestGateway } from '../gateway.ts';
import { settingsOf } from './fixture.ts';

export const compatibleOf = (gateway: TestGateway) =>
  createOpenAICompatible({
    name: 'openclaw',
    includeUsage: true,
    supportsStructuredOutputs: true,
    ...settingsOf(gateway),
  });

/** The three ways in which a program of the AI SDK reaches the gateway. */
export const ways: [string, (gateway: TestGateway) => LanguageModel][] = [
  ['@ai-sdk/openai-compatible', (gateway) => compatibleOf(gateway)('openclaw')],
  ['@ai-sdk/openai, chat', (gateway) => createOpenAI(settingsOf(gateway)).chat('openclaw')],
  ['@ai-sdk/openai, responses', (gateway) => createOpenAI(settingsOf(gateway)).responses('openclaw')],
];
