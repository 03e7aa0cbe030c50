import type { CommandArgument } from '../../sdk/protocol/commands.ts';
import { GatewayError } from '../../sdk/protocol/errors.ts';
import type { ModelRow } from '../../sdk/protocol/models.ts';
import type { ChatCommand } from './command.ts';
import type { CommandDeps } from './registry.ts';

/** What `/think` offers; a provider may know others. */
const thinkingLevels = ['off', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
const clear = 'default';
/** Models that one answer lists; the protocol has room for as many choices. */
const maxListed = 50;

/** Commands that choose how the agent answers in this conversation. */
export function createOptionCommands({ sessions, models, modelOf }: CommandDeps): ChatCommand[] {
  const listModels = (provider: string): string => {
    const all = models.list();
    const some = provider ? all.filter((row) => row.provider.toLowerCase() === provider.toLowerCase()) : all;
    if (some.length === 0) {
      const providers = [...new Set(all.map((row) => row.provider))].join(', ');
      return provider ? `No provider "${provider}" is configured. There are: ${providers}.` : 'No model is configured.';
    }
    const lines = some.slice(0, maxListed).map((row) => `- ${toReference(row)}${toRemark(row)}`);
    const rest = some.length - lines.length;
    const more = rest > 0 ? [`… and ${rest} more: /models <provider> lists those of one provider.`] : [];
    return [...lines, ...more, 'Choose one with /model <provider>/<model>.'].join('\n');
  };

  return [
    {
      name: 'model',
      description: 'Show or choose the model of this conversation.',
      category: 'options',
      args: () => [
        {
          name: 'model',
          description: `<provider>/<model>, or "${clear}"`,
          type: 'string',
          ...toModelChoices(models.list()),
        },
      ],
      answer({ argument, sessionKey, agent }) {
        if (argument === 'list') return listModels('');
        const { modelOverrideSource } = sessions.find(sessionKey) ?? {};
        if (argument === '' || argument === 'status') {
          const how = modelOverrideSource
            ? `chosen for this conversation; /model ${clear} undoes that`
            : "the agent's own";
          return `The model is ${modelOf(agent.id, sessionKey)} (${how}). /models lists what there is.`;
        }
        if (argument === clear) {
          sessions.patch(sessionKey, { model: null });
          return `The model is the agent's own again: ${modelOf(agent.id, sessionKey)}.`;
        }
        const { provider, id } = models.find(argument);
        sessions.patch(sessionKey, { model: `${provider}/${id}` });
        return `The model of this conversation is ${provider}/${id} from now on.`;
      },
    },
    {
      name: 'models',
      description: 'List the models that can be chosen.',
      category: 'options',
      args: () => [
        {
          name: 'provider',
          description: 'Only those of this provider.',
          type: 'string',
          ...toChoices([...new Set(models.list().map((row) => row.provider))]),
        },
      ],
      answer: ({ argument }) => listModels(argument),
    },
    {
      name: 'think',
      aliases: ['thinking', 't'],
      description: 'Show or choose how much the model thinks before it answers.',
      category: 'options',
      args: () => [
        {
          name: 'level',
          description: `How much, or "${clear}"`,
          type: 'string',
          choices: [...thinkingLevels, clear].map((level) => ({ value: level, label: level })),
        },
      ],
      answer({ argument, sessionKey, agent }) {
        const level = argument.toLowerCase();
        const { thinkingLevel } = sessions.find(sessionKey) ?? {};
        if (level === '') {
          const now = thinkingLevel ?? agent.thinking;
          return `Thinking: ${now ?? "as the model's provider has it"}. Choose one of ${thinkingLevels.join(', ')}, ${clear}.`;
        }
        if (level !== clear && !thinkingLevels.includes(level))
          throw new GatewayError(
            'INVALID_REQUEST',
            `"${argument}" is no level. Choose one of ${thinkingLevels.join(', ')}, ${clear}.`,
          );
        sessions.patch(sessionKey, { thinkingLevel: level === clear ? null : level });
        return level === clear
          ? `Thinking: as the agent has it${agent.thinking ? `, ${agent.thinking}` : ''}.`
          : `Thinking: ${level} from now on in this conversation.`;
      },
    },
  ];
}

const toReference = ({ provider, id }: ModelRow) => `${provider}/${id}`;

function toRemark({ available, tags = [] }: ModelRow): string {
  const remarks = [...tags, ...(available === false ? ['not available: its key is missing'] : [])];
  return remarks.length > 0 ? ` (${remarks.join(', ')})` : '';
}

const toModelChoices = (rows: readonly ModelRow[]) =>
  toChoices(rows.filter((row) => row.available !== false).map(toReference));

function toChoices(values: readonly string[]): Pick<CommandArgument, 'choices' | 'dynamic'> {
  const choices = values.slice(0, maxListed).filter((value) => value.length <= 200);
  return { choices: choices.map((value) => ({ value, label: value })), dynamic: true };
}
