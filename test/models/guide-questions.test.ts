import { describe, expect, it } from 'vitest';
import { ask, askOn } from './guide-talk.ts';

describe('twenty questions of operators', () => {
  const questions: [question: string, page: string][] = [
    ['How do I bind to my LAN?', 'networking'],
    ['I lost my token', 'authentication'],
    ['curl gives me 401', 'authentication'],
    ['can I use Claude?', 'models'],
    ['where are conversations stored on disk?', 'state-and-backup'],
    ['How do I make my phone talk to the gateway?', 'networking'],
    ['It says the address is already in use', 'troubleshooting'],
    ['Can I point the openai python package at this?', 'openai-api'],
    ['how do I start over with a clean conversation?', 'sessions'],
    ['What happens to a running job when the gateway crashes?', 'runs'],
    ['How do I stop a reply that is taking too long?', 'runs'],
    ['Which commands does the CLI have and how do I get JSON out?', 'cli'],
    ['Is there a health check endpoint for my load balancer?', 'logs-and-health'],
    ['what should I back up before moving to a new server?', 'state-and-backup'],
    ['How do I add a second agent with another personality?', 'agents'],
    ['I want to run everything locally with Ollama', 'models'],
    ['Does it support Telegram or WhatsApp?', 'roadmap'],
    ['how do I call the gateway from a TypeScript program?', 'sdk'],
    ['Is it safe to expose this to the internet?', 'security'],
    ['exit code 78 right after start, what is wrong?', 'troubleshooting'],
  ];

  it('are answered from the right page, at least eighteen of them', async () => {
    const wrong: string[] = [];
    for (const [question, page] of questions) {
      const quoted = /From (docs\/[\w/-]+\.md)/.exec(await ask(question))?.[1];
      if (quoted !== `docs/${page}.md`) wrong.push(`${question} -> ${quoted}, expected ${page}`);
    }
    expect(questions).toHaveLength(20);
    expect(wrong.length, wrong.join('\n')).toBeLessThanOrEqual(2);
  });
});

describe('what people come with', () => {
  it.each([
    ['How do I connect Open WebUI?', 'clients/open-webui', 'OPENAI_API_BASE_URL'],
    ['set up LobeChat', 'clients/lobechat', 'OPENAI_PROXY_URL'],
    ['what do I write into librechat.yaml?', 'clients/librechat', 'baseURL'],
    ['How do I use LangChain with this?', 'clients/langchain', 'ChatOpenAI'],
    ['Does the Vercel AI SDK work?', 'clients/ai-sdk', 'createOpenAICompatible'],
    ['tools with llamaindex', 'clients/llamaindex', 'FunctionTool'],
    ['How do I abort with the openai package?', 'clients/openai-node', 'AbortController'],
    ['which exit code has curl when the api refuses?', 'clients/curl', 'fail-with-body'],
    ['langchain base url', 'clients/langchain', 'baseURL'],
    ['how do I connect llamaindex?', 'clients/llamaindex', 'baseURL'],
    ['webhook from github', 'hooks', 'x-github-event'],
    ['prometheus', 'metrics', 'scrape_configs'],
    ['send an image', 'files-and-images', 'image_url'],
    ['upload a pdf', 'files-and-images', 'file_data'],
    ['remote image url refused', 'files-and-images', 'allowUrl'],
    ['openapi', 'http-api', 'openapi.json'],
    ['why previous_response_not_found', 'openai-api', 'previous_response_not_found'],
    ['n greater than 1', 'openai-fields', 'unsupported'],
    ['whisper', 'openai-fields', '/v1/audio'],
    ['HSTS', 'networking', 'Strict-Transport-Security'],
    ['why do I see my chat twice', 'sessions', 'copied'],
    ['why is exec 403', 'tools', 'gateway.tools'],
    ['I want to pair my phone', 'devices', 'openclaw devices approve'],
    ['How do I pair another machine?', 'devices', 'openclaw devices approve'],
    ['I lost my phone, how do I lock it out?', 'devices', 'openclaw devices remove'],
    ['It says "pairing required". What now?', 'devices', 'openclaw devices approve'],
    ['It says "token mismatch". What now?', 'authentication', 'OPENCLAW_GATEWAY_TOKEN'],
    ['my app says device token mismatch', 'devices', 'connect it with'],
    ['Why do I have no scopes?', 'troubleshooting', 'withheldScopes'],
    ['Who may approve a device?', 'security', 'operator.pairing'],
    ['How do I change the config from a script without clobbering?', 'configuration', 'baseHash'],
    ['How do I undo a config change?', 'configuration', 'openclaw config rollback'],
    ['How do I search old conversations?', 'sessions', 'openclaw sessions search'],
    ['What did it cost?', 'usage', 'openclaw usage cost'],
    ['The agent is busy: what happens to my message?', 'runs', 'steer'],
    ['I sent a message while the agent was working', 'runs', 'steer'],
    ['How do I compact a conversation?', 'sessions', 'openclaw sessions compact main'],
    ['How do I reset a conversation?', 'sessions', 'openclaw sessions reset main'],
    ['How do I start anew?', 'sessions', 'openclaw sessions reset main'],
    ['Which slash commands are there?', 'chat-commands', '/compact'],
    [
      'How do I restart the gateway without stopping the process?',
      'logs-and-health',
      'openclaw gateway restart request',
    ],
    ['What does close code 1008 mean?', 'troubleshooting', '1008'],
    ['how do I install it as a service', 'service', 'openclaw gateway install'],
    ['how do I start at boot without logging in?', 'service', 'enable-linger'],
    ['how do I keep it running after I close the terminal?', 'service', '--detach'],
    ['service does not see my api key', 'service', 'gateway.service.env'],
    ['systemd service failed with status 78', 'troubleshooting', 'openclaw config validate'],
    ['the gateway stops when I log out', 'troubleshooting', 'enable-linger'],
    ['port already in use', 'troubleshooting', '--force'],
    ['gateway already running lock timeout', 'troubleshooting', 'openclaw gateway stop'],
    ['stop the gateway', 'logs-and-health', 'openclaw gateway stop'],
    ['how do I rotate the token?', 'authentication', 'openclaw config set gateway.auth.token'],
    ['reload config without restart', 'configuration', 'hybrid'],
    ['split the configuration into several files', 'configuration', '$include'],
    ['nginx single sign on', 'trusted-proxy', 'X-Forwarded-User'],
    ['proxy_attribution_required', 'troubleshooting', 'trustedProxies'],
    ['kubernetes', 'deploy', 'kubectl apply'],
    ['docker', 'deploy', 'Containerfile'],
    ['https', 'networking', 'tls'],
    ['certificate fingerprint mismatch', 'troubleshooting', '--tls-fingerprint'],
    ['host key verification failed with --ssh', 'troubleshooting', 'ssh user@server'],
    ['use a gateway on another machine over ssh', 'networking', 'ssh -N -L'],
    ['tailscale', 'networking', '--tailscale serve'],
    ['run two gateways', 'state-and-backup', '--profile'],
    ['read api keys from 1password', 'secrets', 'exec'],
    ['which secrets are in plain text?', 'secrets', 'openclaw secrets audit'],
    ['a secret could not be read', 'troubleshooting', 'openclaw secrets reload'],
    ['is the gateway running?', 'status', 'openclaw gateway status'],
    ['what is wrong with my gateway?', 'doctor', 'openclaw doctor'],
    ['send a bug report', 'doctor', 'openclaw bugreport'],
    ['set it up in a script, without a terminal', 'setup', '--non-interactive'],
    ['shell completion for zsh', 'cli', 'openclaw completion'],
    ['How do I plug in a language model?', 'models', 'OPENAI_API_KEY'],
  ])('"%s" is answered from %s.md, with what to do', async (question, page, toDo) => {
    const text = await askOn(question);
    expect(text).toContain(`From docs/${page}.md`);
    expect(text.slice(0, text.indexOf('From docs/'))).toContain(toDo);
  });
});
