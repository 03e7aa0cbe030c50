import type { QueueDrop, QueueMode } from '../../sdk/protocol/queue.ts';
import type { LogLevel } from '../log/levels.ts';
import type { HooksConfig } from './hooks-config.ts';
import type { ModelParams, ModelsConfig } from './provider-config.ts';

/** The configuration as a person writes it: every member optional. The keys are those of docs/configuration.md. */
export interface Config {
  gateway?: GatewayConfig | undefined;
  agents?: AgentsConfig | undefined;
  models?: ModelsConfig | undefined;
  secrets?: SecretsConfig | undefined;
  session?: SessionConfig | undefined;
  tools?: ToolsConfig | undefined;
  messages?: { queue?: QueueConfig | undefined } | undefined;
  hooks?: HooksConfig | undefined;
  logging?: LoggingConfig | undefined;
  commands?: CommandsConfig | undefined;
  diagnostics?:
    | {
        /** False switches `/metrics` off. Default true. */
        enabled?: boolean | undefined;
        /** Subsystems whose debug lines are logged although the level is higher: `models`, `http`, `*`. */
        flags?: string[] | undefined;
      }
    | undefined;
}

/** `hybrid` (the default) and `restart` apply what can be applied and restart for the rest, `hot` leaves the rest alone, `off` all. */
export type ReloadMode = 'off' | 'hot' | 'restart' | 'hybrid';

export interface GatewayConfig {
  /** TCP port. Default 18789; `--port` and `OPENCLAW_GATEWAY_PORT` win. */
  port?: number | undefined;
  mode?: 'local' | 'remote' | undefined;
  /** Which addresses to listen on. Default `loopback`. */
  bind?: 'auto' | 'lan' | 'loopback' | 'custom' | 'tailnet' | undefined;
  /** IPv4 address for `bind: 'custom'`. */
  customBindHost?: string | undefined;
  auth?:
    | {
        /** Default: `password` when only a password is set, else `token`. */
        mode?: 'none' | 'token' | 'password' | 'trusted-proxy' | undefined;
        token?: string | undefined;
        password?: string | undefined;
        rateLimit?:
          | {
              /** Failures within the window before the lockout. Default 10. */
              maxAttempts?: number | undefined;
              /** Milliseconds. Default 60 000. */
              windowMs?: number | undefined;
              /** Milliseconds. Default 300 000. */
              lockoutMs?: number | undefined;
              /** Default true. */
              exemptLoopback?: boolean | undefined;
            }
          | undefined;
        /** True when a person whom Tailscale knows needs no secret beside a device. Default: with `tailscale.mode: 'serve'`. */
        allowTailscale?: boolean | undefined;
        /** How a proxy tells whom it has signed in; for the mode `trusted-proxy`. */
        trustedProxy?:
          | {
              /** Header with the person's name. */
              userHeader?: string | undefined;
              /** Headers that have to be there as well. */
              requiredHeaders?: string[] | undefined;
              /** Names that are let in. Default all. */
              allowUsers?: string[] | undefined;
              /** True when a proxy on this machine counts. Default false. */
              allowLoopback?: boolean | undefined;
            }
          | undefined;
        /** Scopes that persons have besides those of their devices. */
        identityScopes?: Record<string, string[]> | undefined;
      }
    | undefined;
  /** Addresses and ranges (CIDR) of proxies that may say for whom they pass requests on. */
  trustedProxies?: string[] | undefined;
  /** True when `X-Real-IP` counts where there is no `X-Forwarded-For`. Default false. */
  allowRealIpFallback?: boolean | undefined;
  /** Web origins that may connect besides the gateway's own on loopback, for example `https://chat.example.org`; `*` is any. */
  controlUi?: { allowedOrigins?: string[] | undefined } | undefined;
  /** True (the default): a device on this machine that brings the gateway's secret is paired without being asked about. */
  nodes?: { pairing?: { autoApproveLocal?: boolean | undefined } | undefined } | undefined;
  /** What `POST /tools/invoke` refuses whatever an agent may do: names, groups and patterns. */
  tools?:
    | {
        /** Names taken off the list of what is refused there by default. */
        allow?: string[] | undefined;
        /** Names refused besides; wins over `allow`. */
        deny?: string[] | undefined;
      }
    | undefined;
  /** OpenAI-compatible routes that can be switched off; on by default. */
  http?:
    | {
        endpoints?:
          | {
              chatCompletions?: { enabled?: boolean | undefined; images?: ImageInputConfig | undefined } | undefined;
              responses?:
                | {
                    enabled?: boolean | undefined;
                    /** Remote images and files in one request. Default 8. */
                    maxUrlParts?: number | undefined;
                    images?: ImageInputConfig | undefined;
                    files?: FileInputConfig | undefined;
                  }
                | undefined;
            }
          | undefined;
        /** `strictTransportSecurity` is sent with every answer, for browsers that come by TLS; `false` and absent mean none. */
        securityHeaders?: { strictTransportSecurity?: string | false | undefined } | undefined;
      }
    | undefined;
  /** What happens when the file changes while the gateway runs. */
  reload?: { mode?: ReloadMode | undefined } | undefined;
  /** The gateway that clients on this machine use when `mode` is `remote`. */
  remote?: RemoteConfig | undefined;
  /** An address of Tailscale's that leads to the gateway. Default `off`. */
  tailscale?: { mode?: 'off' | 'serve' | 'funnel' | undefined } | undefined;
  /** HTTPS and wss:// on the gateway's own port. */
  tls?:
    | {
        /** Default false. */
        enabled?: boolean | undefined;
        /** Make a certificate where there is none. Default true. */
        autoGenerate?: boolean | undefined;
        /** PEM file. Default: one of the gateway's own in its state directory; with `keyPath`. */
        certPath?: string | undefined;
        keyPath?: string | undefined;
        /** PEM file of authorities, for the chain of the certificate. */
        caPath?: string | undefined;
      }
    | undefined;
}

/** A gateway elsewhere. */
export interface RemoteConfig {
  url?: string | undefined;
  token?: string | undefined;
  password?: string | undefined;
  /** SHA-256 that its certificate must have. */
  tlsFingerprint?: string | undefined;
  /** `[user@]host[:port]`: for commands with this `--ssh`, the secrets above and the settings below count. */
  sshTarget?: string | undefined;
  /** File of a private key. */
  sshIdentity?: string | undefined;
  /** `strict` (the default) wants a host key that is known. */
  sshHostKeyPolicy?: 'strict' | 'openssh' | undefined;
  /** Port of the gateway at the other end of a tunnel. Default 18789. */
  remotePort?: number | undefined;
}

/** What may be sent besides text, and how it is fetched when it is somewhere else. */
export interface ImageInputConfig {
  /** Fetch remote addresses. Default: true for /v1/responses, false for /v1/chat/completions. */
  allowUrl?: boolean | undefined;
  /** Hosts that may be asked, `*.example.com` for those below one. Default: any on the public internet. */
  urlAllowlist?: string[] | undefined;
  allowedMimes?: string[] | undefined;
  maxBytes?: number | undefined;
  /** Default 3. */
  maxRedirects?: number | undefined;
  /** Milliseconds for one address, redirects included. Default 10 000. */
  timeoutMs?: number | undefined;
}

export interface FileInputConfig extends ImageInputConfig {
  /** Characters that a model reads of one file. Default 60 000. */
  maxChars?: number | undefined;
  pdf?:
    | {
        /** Pages that are read. Default 4. */
        maxPages?: number | undefined;
        /** Characters below which a model is told that pages may be pictures. Default 200. */
        minTextChars?: number | undefined;
      }
    | undefined;
}

/** A model reference `<provider>/<model>`, alone or with what to try when it fails. */
export type ModelSetting = string | { primary?: string | undefined; fallbacks?: string[] | undefined };

/** Which tools there are: names, groups such as `group:fs`, and patterns with `*`. */
export interface ToolPolicySetting {
  /** What is allowed to begin with. Default `full`. */
  profile?: 'minimal' | 'coding' | 'messaging' | 'full' | undefined;
  /** Nothing but these. Not beside `alsoAllow`. */
  allow?: string[] | undefined;
  /** These besides the profile. */
  alsoAllow?: string[] | undefined;
  /** Never these; wins over everything. */
  deny?: string[] | undefined;
}

export interface ToolsConfig extends ToolPolicySetting {
  /** Which conversations the tools of an agent see. Default `all`. */
  sessions?: { visibility?: 'self' | 'tree' | 'agent' | 'all' | undefined } | undefined;
  /** Whether, and which, agents see conversations of each other. */
  agentToAgent?: { enabled?: boolean | undefined; allow?: string[] | undefined } | undefined;
}

export interface AgentConfig {
  name?: string | undefined;
  description?: string | undefined;
  /** True for the agent that answers when none is named. */
  default?: boolean | undefined;
  workspace?: string | undefined;
  model?: ModelSetting | undefined;
  thinkingDefault?: string | undefined;
  bootstrapMaxChars?: number | undefined;
  bootstrapTotalMaxChars?: number | undefined;
  tools?: ToolPolicySetting | undefined;
  identity?:
    | { name?: string | undefined; theme?: string | undefined; emoji?: string | undefined; avatar?: string | undefined }
    | undefined;
}

/** How the older part of a conversation is put into a summary. */
export interface CompactionConfig {
  /** False leaves it to a person's wish and to a provider's refusal. Default true. */
  enabled?: boolean | undefined;
  /** What writes summaries, in place of the session's model. */
  model?: string | undefined;
  /** Tokens of the newest messages that stay as they are. Default 20 000. */
  keepRecentTokens?: number | undefined;
  /** `strict` asks for names and numbers letter for letter. Default `strict`. */
  identifierPolicy?: 'strict' | 'off' | undefined;
  /** `inherit` takes the session's. Default `off`. */
  thinkingLevel?: string | undefined;
  /** Seconds. Default 180. */
  timeoutSeconds?: number | undefined;
}

export interface AgentsConfig {
  defaults?:
    | {
        model?: ModelSetting | undefined;
        workspace?: string | undefined;
        thinkingDefault?: string | undefined;
        /** Whether a new workspace gets no first files. */
        skipBootstrap?: boolean | undefined;
        /** First files that a new workspace does not get. */
        skipOptionalBootstrapFiles?: ('SOUL.md' | 'USER.md' | 'HEARTBEAT.md' | 'IDENTITY.md')[] | undefined;
        /** Characters of one file of the workspace that a model reads before a run. Default 20 000. */
        bootstrapMaxChars?: number | undefined;
        /** Characters of all of them together. Default 60 000. */
        bootstrapTotalMaxChars?: number | undefined;
        /** Seconds a run may take; 0 stands for the default. Default 600. */
        timeoutSeconds?: number | undefined;
        compaction?: CompactionConfig | undefined;
        /** Runs that may work at the same time. Default 64. */
        maxConcurrent?: number | undefined;
        /** Sampling of calls that say nothing of it: `temperature`, `topP`, `maxTokens`, ... (docs/models.md). */
        params?: ModelParams | undefined;
        /** By `<provider>/<model>`. */
        models?: Record<string, { params?: ModelParams | undefined }> | undefined;
      }
    | undefined;
  entries?: Record<string, AgentConfig> | undefined;
}

export interface SecretsConfig {
  /** Where secrets are kept that the configuration refers to. */
  providers?:
    | Record<
        string,
        {
          source?: 'env' | 'file' | 'exec' | 'store' | undefined;
          /** Of `env`: the only variables that may be read. */
          allowlist?: string[] | undefined;
          /** Of `file`: a private file of this user. */
          path?: string | undefined;
          /** Of `file`. Default `json`. */
          mode?: 'json' | 'singleValue' | undefined;
          /** Of `file`. Default 1 MiB. */
          maxBytes?: number | undefined;
          /** Of `file` and `exec`: milliseconds. Default 5000. */
          timeoutMs?: number | undefined;
          /** Of `exec`: absolute path of a program of this user that nobody else can write. */
          command?: string | undefined;
          /** Of `exec`. */
          args?: string[] | undefined;
          /** Of `exec`: variables that the program gets. */
          env?: Record<string, string> | undefined;
          /** Of `exec`: the gateway's own variables that it gets besides. */
          passEnv?: string[] | undefined;
          /** Of `exec`. Default 1 MiB. */
          maxOutputBytes?: number | undefined;
          /** Of `exec`: false lets it write a secret as it is. Default true. */
          jsonOnly?: boolean | undefined;
        }
      >
    | undefined;
}

export interface SessionConfig {
  /** Rest of the key of an agent's main conversation. Default `main`. */
  mainKey?: string | undefined;
  scope?: 'per-sender' | 'global' | undefined;
}

/** What becomes of a message that comes while its session is at work. */
export interface QueueConfig {
  /** Default `steer`. */
  mode?: QueueMode | undefined;
  /** For the channels there are: `webchat` is every client of the gateway itself. */
  byChannel?: { webchat?: QueueMode | undefined } | undefined;
  /** Milliseconds without a further message before collected ones are answered. Default 500. */
  debounceMsByChannel?: Record<string, number | undefined> | undefined;
  /** Messages that may wait in one session. Default 20; values below 1 are ignored. */
  cap?: number | undefined;
  /** What a full line does. Default `summarize`. */
  drop?: QueueDrop | undefined;
}

export interface LoggingConfig {
  /** Least level that reaches the file. Default `info`. */
  level?: LogLevel | undefined;
  /** Absolute path; default `<tmpdir>/openclaw/openclaw-<date>.log`. */
  file?: string | undefined;
  /** Bytes before the file is rotated. Default 100 MB. */
  maxFileBytes?: number | undefined;
  /** Least level that reaches the console. Default `info`. */
  consoleLevel?: LogLevel | undefined;
  /** How lines on a terminal look; elsewhere they are plain unless it is `json`. Default `pretty`. */
  consoleStyle?: 'pretty' | 'json' | undefined;
  /** Regular expressions for what has to be hidden in the log besides the secrets that the gateway knows. */
  redactPatterns?: string[] | undefined;
}

export interface CommandsConfig {
  /** Whether SIGUSR2 restarts the gateway. Default true. */
  restart?: boolean | undefined;
}
