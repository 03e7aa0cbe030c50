/**
 * Every key a configuration file may hold, one a line: `path: type`, then its default and range where it has them.
 * `<id>` stands for a name of the user's choice, `[]` for each item of a list; a line without a type takes any value.
 * The lines are those of the published product, 2026.9.6, so that one file serves both; read them with key-tree.ts.
 */
export const keyTable = `
gateway.port: integer (1..65535)
gateway.mode: "local"|"remote"
gateway.bind: "auto"|"lan"|"loopback"|"custom"|"tailnet"
gateway.customBindHost: string
gateway.publicOrigin: string
gateway.portals.ingress.domain: string
gateway.portals.ingress.port: integer (1..65535)
gateway.controlUi.dangerouslyDisableDeviceAuth: boolean
gateway.controlUi.enabled: boolean
gateway.controlUi.basePath: string
gateway.controlUi.experimental.customPlugins: boolean
gateway.controlUi.root: string
gateway.controlUi.environment.label: string
gateway.controlUi.environment.color: "teal"|"amber"|"purple"|"coral"|"pink"|"blue"|"green"|"red"|"gray"
gateway.controlUi.communityInvite: boolean
gateway.controlUi.github.token: string
gateway.controlUi.sessionObserver: boolean
gateway.controlUi.embedSandbox: "strict"|"scripts"|"trusted"
gateway.controlUi.allowExternalEmbedUrls: boolean
gateway.controlUi.automaticallyFetchFavicons: boolean
gateway.controlUi.allowedOrigins: string[]
gateway.controlUi.dangerouslyAllowHostHeaderOriginFallback: boolean
gateway.cliAgents.enabled: boolean
gateway.terminal.enabled: boolean
gateway.terminal.shell: string
gateway.terminal.detachedSessionTimeoutSeconds: integer (0..)
gateway.auth.mode: "none"|"token"|"password"|"trusted-proxy"
gateway.auth.token: string
gateway.auth.password: string
gateway.auth.allowTailscale: boolean
gateway.auth.identityScopes: map
gateway.auth.identityScopes.<id>: "operator.admin"|"operator.read"|"operator.write"|"operator.sessions.read"|"operator.sessions.write"|"operator.approvals"|"operator.questions"|"operator.pairing"|"operator.talk"|"operator.talk.secrets"[]
gateway.auth.rateLimit.maxAttempts: number
gateway.auth.rateLimit.windowMs: number
gateway.auth.rateLimit.lockoutMs: number
gateway.auth.rateLimit.exemptLoopback: boolean
gateway.auth.trustedProxy.userHeader: string
gateway.auth.trustedProxy.requiredHeaders: string[]
gateway.auth.trustedProxy.allowUsers: string[]
gateway.auth.trustedProxy.allowLoopback: boolean
gateway.auth.trustedProxy.cloudflareAccessOidc.issuer: string
gateway.auth.trustedProxy.cloudflareAccessOidc.providerId: string
gateway.auth.trustedProxy.cloudflareAccessOidc.githubAccountIdClaim: string
gateway.auth.trustedProxy.deviceAutoApprove.enabled: boolean
gateway.auth.trustedProxy.deviceAutoApprove.scopes: string[]
gateway.roles.default: string
gateway.roles.definitions: map
gateway.roles.definitions.<id>.sessions.others: "none"|"view"|"suggest"|"write"
gateway.roles.definitions.<id>.sandbox: "inherit"|"required"
gateway.roles.definitions.<id>.agents: "*"|array|string[]
gateway.roles.definitions.<id>.scopes: "operator.admin"|"operator.read"|"operator.write"|"operator.sessions.read"|"operator.sessions.write"|"operator.approvals"|"operator.questions"|"operator.pairing"|"operator.talk"|"operator.talk.secrets"[]
gateway.roles.definitions.<id>.accessPolicyPlugin: string
gateway.trustedProxies: string[]
gateway.allowRealIpFallback: boolean
gateway.tools.deny: string[]
gateway.tools.allow: string[]
gateway.tailscale.mode: "off"|"serve"|"funnel"
gateway.tailscale.preserveFunnel: boolean
gateway.remote.url: string
gateway.remote.transport: "ssh"|"direct"
gateway.remote.remotePort: integer (1..65535)
gateway.remote.token: string
gateway.remote.password: string
gateway.remote.edgeAuth: map
gateway.remote.edgeAuth.<id>: string
gateway.remote.tlsFingerprint: string
gateway.remote.sshTarget: string
gateway.remote.sshIdentity: string
gateway.remote.sshHostKeyPolicy: "strict"|"openssh"
gateway.reload.mode: "off"|"hybrid"
gateway.tls.enabled: boolean
gateway.tls.autoGenerate: boolean
gateway.tls.certPath: string
gateway.tls.keyPath: string
gateway.tls.caPath: string
gateway.http.endpoints.chatCompletions.enabled: boolean
gateway.http.endpoints.chatCompletions.images.allowUrl: boolean
gateway.http.endpoints.chatCompletions.images.urlAllowlist: string[]
gateway.http.endpoints.chatCompletions.images.allowedMimes: string[]
gateway.http.endpoints.chatCompletions.images.maxBytes: integer
gateway.http.endpoints.chatCompletions.images.maxRedirects: integer (0..)
gateway.http.endpoints.chatCompletions.images.timeoutMs: integer
gateway.http.endpoints.responses.enabled: boolean
gateway.http.endpoints.responses.maxUrlParts: integer (0..)
gateway.http.endpoints.responses.files.allowUrl: boolean
gateway.http.endpoints.responses.files.urlAllowlist: string[]
gateway.http.endpoints.responses.files.allowedMimes: string[]
gateway.http.endpoints.responses.files.maxBytes: integer
gateway.http.endpoints.responses.files.maxRedirects: integer (0..)
gateway.http.endpoints.responses.files.timeoutMs: integer
gateway.http.endpoints.responses.files.maxChars: integer
gateway.http.endpoints.responses.files.pdf.maxPages: integer
gateway.http.endpoints.responses.files.pdf.maxPixels: integer
gateway.http.endpoints.responses.files.pdf.minTextChars: integer (0..)
gateway.http.endpoints.responses.images.allowUrl: boolean
gateway.http.endpoints.responses.images.urlAllowlist: string[]
gateway.http.endpoints.responses.images.allowedMimes: string[]
gateway.http.endpoints.responses.images.maxBytes: integer
gateway.http.endpoints.responses.images.maxRedirects: integer (0..)
gateway.http.endpoints.responses.images.timeoutMs: integer
gateway.http.securityHeaders.strictTransportSecurity: string|false
gateway.push.apns.relay.baseUrl: string
gateway.push.apns.relay.timeoutMs: integer
gateway.nodes.browser.mode: "auto"|"manual"|"off"
gateway.nodes.browser.node: string
gateway.nodes.pairing.autoApproveLocal: boolean
gateway.nodes.pairing.autoApproveCidrs: string[]
gateway.nodes.pairing.sshVerify: boolean|object
gateway.nodes.pairing.sshVerify.user: string
gateway.nodes.pairing.sshVerify.identity: string
gateway.nodes.pairing.sshVerify.timeoutMs: integer
gateway.nodes.pairing.sshVerify.cidrs: string[]
gateway.nodes.pluginTools.enabled: boolean
gateway.nodes.allowSkills: boolean
gateway.nodes.commands.allow: string[]
gateway.nodes.commands.deny: string[]
agents.ownership: "explicit"
agents.defaults.params: map
agents.defaults.params.<id>:
agents.defaults.model: string|object
agents.defaults.model.primary: string
agents.defaults.model.fallbacks: string[]
agents.defaults.modelSelectionScope: "session"|"agent"|"global"
agents.defaults.utilityModel: string
agents.defaults.decisionModel: string
agents.defaults.imageModel: string|object
agents.defaults.imageModel.primary: string
agents.defaults.imageModel.fallbacks: string[]
agents.defaults.imageModel.timeoutMs: integer
agents.defaults.mediaModels.image: string|object
agents.defaults.mediaModels.image.primary: string
agents.defaults.mediaModels.image.fallbacks: string[]
agents.defaults.mediaModels.image.timeoutMs: integer
agents.defaults.mediaModels.video: string|object
agents.defaults.mediaModels.video.primary: string
agents.defaults.mediaModels.video.fallbacks: string[]
agents.defaults.mediaModels.video.timeoutMs: integer
agents.defaults.mediaModels.music: string|object
agents.defaults.mediaModels.music.primary: string
agents.defaults.mediaModels.music.fallbacks: string[]
agents.defaults.mediaModels.music.timeoutMs: integer
agents.defaults.voiceModel: string|object
agents.defaults.voiceModel.primary: string
agents.defaults.voiceModel.fallbacks: string[]
agents.defaults.voiceModel.timeoutMs: integer
agents.defaults.pdfModel: string|object
agents.defaults.pdfModel.primary: string
agents.defaults.pdfModel.fallbacks: string[]
agents.defaults.pdfModel.timeoutMs: integer
agents.defaults.pdfMaxMb: number
agents.defaults.pdfMaxPages: integer
agents.defaults.models: map
agents.defaults.models.<id>.alias: string
agents.defaults.models.<id>.params: map
agents.defaults.models.<id>.params.<id>:
agents.defaults.models.<id>.agentRuntime.id: string
agents.defaults.models.<id>.pickerRuntimes: string[]
agents.defaults.models.<id>.codeMode: boolean
agents.defaults.models.<id>.streaming: boolean
agents.defaults.modelPolicy.allow: string[]
agents.defaults.workspace: string
agents.defaults.cwd: string
agents.defaults.skills: string[]
agents.defaults.silentReply.group: "allow"|"disallow"
agents.defaults.silentReply.internal: "allow"|"disallow"
agents.defaults.repoRoot: string
agents.defaults.skipBootstrap: boolean
agents.defaults.skipOptionalBootstrapFiles: "SOUL.md"|"USER.md"|"HEARTBEAT.md"|"IDENTITY.md"[]
agents.defaults.contextInjection: "always"|"continuation-skip"|"never"
agents.defaults.bootstrapMaxChars: integer
agents.defaults.bootstrapTotalMaxChars: integer
agents.defaults.experimental.localModelLean: boolean
agents.defaults.userTimezone: string
agents.defaults.startupContext.enabled: boolean
agents.defaults.startupContext.applyOn: object[]
agents.defaults.startupContext.applyOn[]: "new"|"reset"
agents.defaults.startupContext.dailyMemoryDays: integer (1..14)
agents.defaults.startupContext.maxFileBytes: integer (1..65536)
agents.defaults.startupContext.maxFileChars: integer (1..10000)
agents.defaults.startupContext.maxTotalChars: integer (1..50000)
agents.defaults.contextPruning.mode: "off"|"cache-ttl"
agents.defaults.contextPruning.ttl: string
agents.defaults.contextPruning.tools.allow: string[]
agents.defaults.contextPruning.tools.deny: string[]
agents.defaults.contextPruning.hardClear.enabled: boolean
agents.defaults.contextPruning.hardClear.placeholder: string
agents.defaults.compaction.enabled: boolean
agents.defaults.compaction.mode: "default"|"safeguard"
agents.defaults.compaction.provider: string
agents.defaults.compaction.thinkingLevel: "off"|"minimal"|"low"|"medium"|"high"|"xhigh"|"adaptive"|"max"|"ultra"|"inherit"
agents.defaults.compaction.keepRecentTokens: integer
agents.defaults.compaction.identifierPolicy: "strict"|"off"
agents.defaults.compaction.recentTurnsPreserve: integer (0..12)
agents.defaults.compaction.qualityGuard.enabled: boolean
agents.defaults.compaction.qualityGuard.maxRetries: integer (0..)
agents.defaults.compaction.midTurnPrecheck.enabled: boolean
agents.defaults.compaction.postIndexSync: "off"|"async"|"await"
agents.defaults.compaction.postCompactionSections: string[]
agents.defaults.compaction.model: string
agents.defaults.compaction.timeoutSeconds: integer
agents.defaults.compaction.memoryFlush.enabled: boolean
agents.defaults.compaction.memoryFlush.model: string
agents.defaults.compaction.memoryFlush.softThresholdTokens: integer (0..)
agents.defaults.compaction.memoryFlush.forceFlushTranscriptBytes: integer|string
agents.defaults.compaction.maxActiveTranscriptBytes: integer|string
agents.defaults.compaction.notifyUser: boolean
agents.defaults.embeddedAgent.projectSettingsPolicy: "trusted"|"sanitize"|"ignore"
agents.defaults.embeddedAgent.executionContract: "default"|"strict-agentic"
agents.defaults.embeddedAgent.cyberFailover.mode: "auto"|"off"
agents.defaults.embeddedAgent.cyberFailover.model: string
agents.defaults.embeddedAgent.cyberFailover.cooloffMs: integer
agents.defaults.thinkingDefault: "off"|"minimal"|"low"|"medium"|"high"|"xhigh"|"adaptive"|"max"|"ultra"
agents.defaults.fastModeDefault: boolean|"auto"
agents.defaults.verboseDefault: "off"|"on"|"full"
agents.defaults.toolProgressDetail: "explain"|"raw"
agents.defaults.reasoningDefault: "off"|"on"|"stream"
agents.defaults.elevatedDefault: "off"|"on"|"ask"|"full"
agents.defaults.blockStreamingDefault: "off"|"on"
agents.defaults.blockStreamingBreak: "text_end"|"message_end"
agents.defaults.timeoutSeconds: integer (0..)
agents.defaults.mediaMaxMb: number
agents.defaults.imageMaxDimensionPx: integer
agents.defaults.imageQuality: "auto"|"efficient"|"balanced"|"high"
agents.defaults.typingIntervalSeconds: integer
agents.defaults.systemAgent.agentId: string
agents.defaults.authInheritance.agentId: string
agents.defaults.sessionStore.agentId: string
agents.defaults.maxConcurrent: integer
agents.defaults.subagents.delegationMode: "suggest"|"prefer"
agents.defaults.subagents.allowAgents: string[]
agents.defaults.subagents.maxConcurrent: integer
agents.defaults.subagents.maxSpawnDepth: integer (1..5)
agents.defaults.subagents.maxChildrenPerAgent: integer (1..20)
agents.defaults.subagents.archiveAfterMinutes: integer (0..)
agents.defaults.subagents.model: string|object
agents.defaults.subagents.model.primary: string
agents.defaults.subagents.model.fallbacks: string[]
agents.defaults.subagents.thinking: string
agents.defaults.subagents.runTimeoutSeconds: integer (0..)
agents.defaults.subagents.announceTimeoutMs: integer
agents.defaults.subagents.requireAgentId: boolean
agents.defaults.contextLimits.memoryGetMaxChars: integer (1..250000)
agents.defaults.contextLimits.postCompactionMaxChars: integer (1..50000)
agents.defaults.blockStreamingChunk.minChars: integer
agents.defaults.blockStreamingChunk.maxChars: integer
agents.defaults.blockStreamingChunk.breakPreference: "paragraph"|"newline"|"sentence"
agents.defaults.blockStreamingCoalesce.minChars: integer
agents.defaults.blockStreamingCoalesce.maxChars: integer
agents.defaults.blockStreamingCoalesce.idleMs: integer (0..)
agents.defaults.humanDelay.mode: "off"|"natural"|"custom"
agents.defaults.humanDelay.minMs: integer (0..)
agents.defaults.humanDelay.maxMs: integer (0..)
agents.defaults.typingMode: "never"|"instant"|"thinking"|"message"
agents.defaults.heartbeat.every: string
agents.defaults.heartbeat.activeHours.start: string
agents.defaults.heartbeat.activeHours.end: string
agents.defaults.heartbeat.activeHours.timezone: string
agents.defaults.heartbeat.model: string
agents.defaults.heartbeat.session: string
agents.defaults.heartbeat.target: string
agents.defaults.heartbeat.directPolicy: "allow"|"block"
agents.defaults.heartbeat.to: string
agents.defaults.heartbeat.accountId: string
agents.defaults.heartbeat.prompt: string
agents.defaults.heartbeat.timeoutSeconds: integer
agents.defaults.heartbeat.lightContext: boolean
agents.defaults.heartbeat.isolatedSession: boolean
agents.defaults.heartbeat.agentId: string
agents.defaults.sandbox.mode: "off"|"non-main"|"all"
agents.defaults.sandbox.backend: string
agents.defaults.sandbox.workspaceAccess: "none"|"ro"|"rw"
agents.defaults.sandbox.sessionToolsVisibility: "spawned"|"all"
agents.defaults.sandbox.scope: "session"|"agent"|"shared"
agents.defaults.sandbox.workspaceRoot: string
agents.defaults.sandbox.docker.image: string
agents.defaults.sandbox.docker.containerPrefix: string
agents.defaults.sandbox.docker.workdir: string
agents.defaults.sandbox.docker.readOnlyRoot: boolean
agents.defaults.sandbox.docker.tmpfs: string[]
agents.defaults.sandbox.docker.network: string
agents.defaults.sandbox.docker.user: string
agents.defaults.sandbox.docker.capDrop: string[]
agents.defaults.sandbox.docker.env: map
agents.defaults.sandbox.docker.env.<id>: string
agents.defaults.sandbox.docker.setupCommand: string|array|string[]
agents.defaults.sandbox.docker.pidsLimit: integer
agents.defaults.sandbox.docker.memory: string|number
agents.defaults.sandbox.docker.memorySwap: string|number
agents.defaults.sandbox.docker.cpus: number
agents.defaults.sandbox.docker.gpus: string
agents.defaults.sandbox.docker.ulimits: map
agents.defaults.sandbox.docker.ulimits.<id>: string|number|object
agents.defaults.sandbox.docker.seccompProfile: string
agents.defaults.sandbox.docker.apparmorProfile: string
agents.defaults.sandbox.docker.dns: string[]
agents.defaults.sandbox.docker.extraHosts: string[]
agents.defaults.sandbox.docker.binds: string[]
agents.defaults.sandbox.docker.dangerouslyAllowReservedContainerTargets: boolean
agents.defaults.sandbox.docker.dangerouslyAllowExternalBindSources: boolean
agents.defaults.sandbox.docker.dangerouslyAllowContainerNamespaceJoin: boolean
agents.defaults.sandbox.ssh.target: string
agents.defaults.sandbox.ssh.command: string
agents.defaults.sandbox.ssh.workspaceRoot: string
agents.defaults.sandbox.ssh.strictHostKeyChecking: boolean
agents.defaults.sandbox.ssh.updateHostKeys: boolean
agents.defaults.sandbox.ssh.identityFile: string
agents.defaults.sandbox.ssh.certificateFile: string
agents.defaults.sandbox.ssh.knownHostsFile: string
agents.defaults.sandbox.ssh.identityData: string
agents.defaults.sandbox.ssh.certificateData: string
agents.defaults.sandbox.ssh.knownHostsData: string
agents.defaults.sandbox.browser.enabled: boolean
agents.defaults.sandbox.browser.image: string
agents.defaults.sandbox.browser.containerPrefix: string
agents.defaults.sandbox.browser.network: string
agents.defaults.sandbox.browser.cdpPort: integer
agents.defaults.sandbox.browser.cdpSourceRange: string
agents.defaults.sandbox.browser.vncPort: integer
agents.defaults.sandbox.browser.noVncPort: integer
agents.defaults.sandbox.browser.headless: boolean
agents.defaults.sandbox.browser.noVncEnabled: boolean
agents.defaults.sandbox.browser.allowHostControl: boolean
agents.defaults.sandbox.browser.autoStart: boolean
agents.defaults.sandbox.browser.autoStartTimeoutMs: integer
agents.defaults.sandbox.browser.binds: string[]
agents.defaults.sandbox.prune.idleHours: integer (0..)
agents.defaults.sandbox.prune.maxAgeDays: integer (0..)
agents.entries: map
agents.entries.<id>.name: string
agents.entries.<id>.description: string
agents.entries.<id>.workspace: string
agents.entries.<id>.cwd: string
agents.entries.<id>.agentDir: string
agents.entries.<id>.model: string|object
agents.entries.<id>.model.primary: string
agents.entries.<id>.model.fallbacks: string[]
agents.entries.<id>.utilityModel: string
agents.entries.<id>.decisionModel: string
agents.entries.<id>.models: map
agents.entries.<id>.models.<id>.alias: string
agents.entries.<id>.models.<id>.params: map
agents.entries.<id>.models.<id>.pickerRuntimes: string[]
agents.entries.<id>.models.<id>.codeMode: boolean
agents.entries.<id>.models.<id>.streaming: boolean
agents.entries.<id>.modelPolicy.allow: string[]
agents.entries.<id>.thinkingDefault: "off"|"minimal"|"low"|"medium"|"high"|"xhigh"|"adaptive"|"max"|"ultra"
agents.entries.<id>.verboseDefault: "off"|"on"|"full"
agents.entries.<id>.toolProgressDetail: "explain"|"raw"
agents.entries.<id>.reasoningDefault: "on"|"off"|"stream"
agents.entries.<id>.fastModeDefault: boolean|"auto"
agents.entries.<id>.contextInjection: "always"|"continuation-skip"|"never"
agents.entries.<id>.bootstrapMaxChars: integer
agents.entries.<id>.bootstrapTotalMaxChars: integer
agents.entries.<id>.experimental.localModelLean: boolean
agents.entries.<id>.skills: string[]
agents.entries.<id>.subagents.delegationMode: "suggest"|"prefer"
agents.entries.<id>.subagents.allowAgents: string[]
agents.entries.<id>.subagents.model: string|object
agents.entries.<id>.subagents.model.primary: string
agents.entries.<id>.subagents.model.fallbacks: string[]
agents.entries.<id>.subagents.thinking: string
agents.entries.<id>.subagents.requireAgentId: boolean
agents.entries.<id>.embeddedAgent.executionContract: "default"|"strict-agentic"
agents.entries.<id>.params: map
agents.entries.<id>.params.<id>:
agents.entries.<id>.runtime: object
agents.entries.<id>.runtime.type: "embedded"|"acp"
agents.entries.<id>.runtime.acp.agent: string
agents.entries.<id>.runtime.acp.backend: string
agents.entries.<id>.runtime.acp.mode: "persistent"|"oneshot"
agents.entries.<id>.runtime.acp.cwd: string
agents.entries.<id>.memory.search.enabled: boolean
agents.entries.<id>.memory.search.rememberAcrossConversations: boolean
agents.entries.<id>.memory.search.sources: object[]
agents.entries.<id>.memory.search.sources[]: "memory"|"sessions"
agents.entries.<id>.memory.search.extraPaths: object[]
agents.entries.<id>.memory.search.extraPaths[]: string|object
agents.entries.<id>.memory.search.provider: string
agents.entries.<id>.memory.search.fallback: string
agents.entries.<id>.memory.search.model: string
agents.entries.<id>.memory.search.inputType: string
agents.entries.<id>.memory.search.queryInputType: string
agents.entries.<id>.memory.search.documentInputType: string
agents.entries.<id>.memory.search.outputDimensionality: integer
agents.entries.<id>.humanDelay.mode: "off"|"natural"|"custom"
agents.entries.<id>.humanDelay.minMs: integer (0..)
agents.entries.<id>.humanDelay.maxMs: integer (0..)
agents.entries.<id>.typingMode: "never"|"instant"|"thinking"|"message"
agents.entries.<id>.tts.auto: "off"|"always"|"inbound"|"tagged"
agents.entries.<id>.tts.enabled: boolean
agents.entries.<id>.tts.mode: "final"|"all"
agents.entries.<id>.tts.provider: string
agents.entries.<id>.tts.persona: string
agents.entries.<id>.tts.personas: map
agents.entries.<id>.tts.summaryModel: string
agents.entries.<id>.tts.modelOverrides.enabled: boolean
agents.entries.<id>.tts.modelOverrides.allowText: boolean
agents.entries.<id>.tts.modelOverrides.allowProvider: boolean
agents.entries.<id>.tts.modelOverrides.allowVoice: boolean
agents.entries.<id>.tts.modelOverrides.allowModelId: boolean
agents.entries.<id>.tts.modelOverrides.allowVoiceSettings: boolean
agents.entries.<id>.tts.modelOverrides.allowNormalization: boolean
agents.entries.<id>.tts.modelOverrides.allowSeed: boolean
agents.entries.<id>.tts.providers: map
agents.entries.<id>.tts.maxTextLength: integer (1..)
agents.entries.<id>.tts.timeoutMs: integer (1000..120000)
agents.entries.<id>.tts.prefsPath: string
agents.entries.<id>.skillsLimits.maxSkillsPromptChars: integer (0..)
agents.entries.<id>.contextLimits.memoryGetMaxChars: integer (1..250000)
agents.entries.<id>.contextLimits.postCompactionMaxChars: integer (1..50000)
agents.entries.<id>.heartbeat.every: string
agents.entries.<id>.heartbeat.activeHours.start: string
agents.entries.<id>.heartbeat.activeHours.end: string
agents.entries.<id>.heartbeat.activeHours.timezone: string
agents.entries.<id>.heartbeat.model: string
agents.entries.<id>.heartbeat.session: string
agents.entries.<id>.heartbeat.target: string
agents.entries.<id>.heartbeat.directPolicy: "allow"|"block"
agents.entries.<id>.heartbeat.to: string
agents.entries.<id>.heartbeat.accountId: string
agents.entries.<id>.heartbeat.prompt: string
agents.entries.<id>.heartbeat.timeoutSeconds: integer
agents.entries.<id>.heartbeat.lightContext: boolean
agents.entries.<id>.heartbeat.isolatedSession: boolean
agents.entries.<id>.identity.name: string
agents.entries.<id>.identity.theme: string
agents.entries.<id>.identity.emoji: string
agents.entries.<id>.identity.avatar: string
agents.entries.<id>.groupChat.mentionPatterns: string[]
agents.entries.<id>.groupChat.historyLimit: integer (0..)
agents.entries.<id>.groupChat.unmentionedInbound: "user_request"|"room_event"
agents.entries.<id>.sandbox.mode: "off"|"non-main"|"all"
agents.entries.<id>.sandbox.backend: string
agents.entries.<id>.sandbox.workspaceAccess: "none"|"ro"|"rw"
agents.entries.<id>.sandbox.sessionToolsVisibility: "spawned"|"all"
agents.entries.<id>.sandbox.scope: "session"|"agent"|"shared"
agents.entries.<id>.sandbox.workspaceRoot: string
agents.entries.<id>.sandbox.docker.image: string
agents.entries.<id>.sandbox.docker.containerPrefix: string
agents.entries.<id>.sandbox.docker.workdir: string
agents.entries.<id>.sandbox.docker.readOnlyRoot: boolean
agents.entries.<id>.sandbox.docker.tmpfs: string[]
agents.entries.<id>.sandbox.docker.network: string
agents.entries.<id>.sandbox.docker.user: string
agents.entries.<id>.sandbox.docker.capDrop: string[]
agents.entries.<id>.sandbox.docker.env: map
agents.entries.<id>.sandbox.docker.setupCommand: string|array|string[]
agents.entries.<id>.sandbox.docker.pidsLimit: integer
agents.entries.<id>.sandbox.docker.memory: string|number
agents.entries.<id>.sandbox.docker.memorySwap: string|number
agents.entries.<id>.sandbox.docker.cpus: number
agents.entries.<id>.sandbox.docker.gpus: string
agents.entries.<id>.sandbox.docker.ulimits: map
agents.entries.<id>.sandbox.docker.seccompProfile: string
agents.entries.<id>.sandbox.docker.apparmorProfile: string
agents.entries.<id>.sandbox.docker.dns: string[]
agents.entries.<id>.sandbox.docker.extraHosts: string[]
agents.entries.<id>.sandbox.docker.binds: string[]
agents.entries.<id>.sandbox.docker.dangerouslyAllowReservedContainerTargets: boolean
agents.entries.<id>.sandbox.docker.dangerouslyAllowExternalBindSources: boolean
agents.entries.<id>.sandbox.docker.dangerouslyAllowContainerNamespaceJoin: boolean
agents.entries.<id>.sandbox.ssh.target: string
agents.entries.<id>.sandbox.ssh.command: string
agents.entries.<id>.sandbox.ssh.workspaceRoot: string
agents.entries.<id>.sandbox.ssh.strictHostKeyChecking: boolean
agents.entries.<id>.sandbox.ssh.updateHostKeys: boolean
agents.entries.<id>.sandbox.ssh.identityFile: string
agents.entries.<id>.sandbox.ssh.certificateFile: string
agents.entries.<id>.sandbox.ssh.knownHostsFile: string
agents.entries.<id>.sandbox.ssh.identityData: string
agents.entries.<id>.sandbox.ssh.certificateData: string
agents.entries.<id>.sandbox.ssh.knownHostsData: string
agents.entries.<id>.sandbox.browser.enabled: boolean
agents.entries.<id>.sandbox.browser.image: string
agents.entries.<id>.sandbox.browser.containerPrefix: string
agents.entries.<id>.sandbox.browser.network: string
agents.entries.<id>.sandbox.browser.cdpPort: integer
agents.entries.<id>.sandbox.browser.cdpSourceRange: string
agents.entries.<id>.sandbox.browser.vncPort: integer
agents.entries.<id>.sandbox.browser.noVncPort: integer
agents.entries.<id>.sandbox.browser.headless: boolean
agents.entries.<id>.sandbox.browser.noVncEnabled: boolean
agents.entries.<id>.sandbox.browser.allowHostControl: boolean
agents.entries.<id>.sandbox.browser.autoStart: boolean
agents.entries.<id>.sandbox.browser.autoStartTimeoutMs: integer
agents.entries.<id>.sandbox.browser.binds: string[]
agents.entries.<id>.sandbox.prune.idleHours: integer (0..)
agents.entries.<id>.sandbox.prune.maxAgeDays: integer (0..)
agents.entries.<id>.tools.profile: "minimal"|"coding"|"messaging"|"full"
agents.entries.<id>.tools.allow: string[]
agents.entries.<id>.tools.alsoAllow: string[]
agents.entries.<id>.tools.deny: string[]
agents.entries.<id>.tools.byProvider: map
agents.entries.<id>.tools.toolsBySender: map
agents.entries.<id>.tools.codeMode: boolean|"auto"|object
agents.entries.<id>.tools.codeMode.enabled: boolean|"auto"
agents.entries.<id>.tools.codeMode.executor: "node"|"quickjs"
agents.entries.<id>.tools.codeMode.mode: "only"
agents.entries.<id>.tools.codeMode.timeoutMs: integer
agents.entries.<id>.tools.codeMode.memoryLimitBytes: integer
agents.entries.<id>.tools.codeMode.maxOutputBytes: integer
agents.entries.<id>.tools.codeMode.maxSnapshotBytes: integer
agents.entries.<id>.tools.codeMode.maxPendingToolCalls: integer
agents.entries.<id>.tools.codeMode.snapshotTtlSeconds: integer
agents.entries.<id>.tools.codeMode.searchDefaultLimit: integer
agents.entries.<id>.tools.codeMode.maxSearchLimit: integer
agents.entries.<id>.tools.swarm: boolean|object
agents.entries.<id>.tools.swarm.enabled: boolean
agents.entries.<id>.tools.swarm.maxConcurrent: integer
agents.entries.<id>.tools.swarm.maxChildrenPerGroup: integer
agents.entries.<id>.tools.swarm.maxTotalPerGroup: integer
agents.entries.<id>.tools.swarm.waitTimeoutSecondsMax: integer
agents.entries.<id>.tools.swarm.defaultAgentId: string
agents.entries.<id>.tools.elevated.enabled: boolean
agents.entries.<id>.tools.elevated.allowFrom: map
agents.entries.<id>.tools.exec.host: "auto"|"sandbox"|"gateway"|"node"
agents.entries.<id>.tools.exec.mode: "deny"|"allowlist"|"ask"|"auto"|"full"
agents.entries.<id>.tools.exec.security: "deny"|"allowlist"|"full"
agents.entries.<id>.tools.exec.ask: "off"|"on-miss"|"always"
agents.entries.<id>.tools.exec.node: string
agents.entries.<id>.tools.exec.pathPrepend: string[]
agents.entries.<id>.tools.exec.safeBins: string[]
agents.entries.<id>.tools.exec.strictInlineEval: boolean
agents.entries.<id>.tools.exec.commandHighlighting: boolean
agents.entries.<id>.tools.exec.grantExpiryDays: integer (1..3650)
agents.entries.<id>.tools.exec.safeBinTrustedDirs: string[]
agents.entries.<id>.tools.exec.safeBinProfiles: map
agents.entries.<id>.tools.exec.backgroundMs: integer
agents.entries.<id>.tools.exec.approvalRunningNoticeMs: integer (0..)
agents.entries.<id>.tools.exec.timeoutSeconds: integer
agents.entries.<id>.tools.exec.cleanupMs: integer
agents.entries.<id>.tools.exec.notifyOnExit: boolean
agents.entries.<id>.tools.exec.notifyOnExitEmptySuccess: boolean
agents.entries.<id>.tools.github.profileId: string
agents.entries.<id>.tools.github.kind: "oauth"
agents.entries.<id>.tools.fs.workspaceOnly: boolean
agents.entries.<id>.tools.loopDetection.enabled: boolean
agents.entries.<id>.default: boolean
models.mode: "merge"|"replace"
models.providers: map
models.providers.<id>.baseUrl: string
models.providers.<id>.apiKey: string
models.providers.<id>.auth: "api-key"|"aws-sdk"|"oauth"|"token"
models.providers.<id>.api: "openai-completions"|"openai-responses"|"openai-chatgpt-responses"|"anthropic-messages"|"google-generative-ai"|"google-vertex"|"github-copilot"|"bedrock-converse-stream"|"ollama"|"pi-messages"|"azure-openai-responses"
models.providers.<id>.maxTokens: number
models.providers.<id>.timeoutSeconds: integer
models.providers.<id>.region: string
models.providers.<id>.injectNumCtxForOpenAICompat: boolean
models.providers.<id>.params: map
models.providers.<id>.params.<id>:
models.providers.<id>.agentRuntime.id: string
models.providers.<id>.localService.command: string
models.providers.<id>.localService.args: string[]
models.providers.<id>.localService.cwd: string
models.providers.<id>.localService.env: map
models.providers.<id>.localService.env.<id>: string
models.providers.<id>.localService.healthUrl: string
models.providers.<id>.localService.readyTimeoutMs: integer
models.providers.<id>.localService.idleStopMs: integer (0..)
models.providers.<id>.headers: map
models.providers.<id>.headers.<id>: string
models.providers.<id>.authHeader: boolean
models.providers.<id>.request.headers: map
models.providers.<id>.request.headers.<id>: string
models.providers.<id>.request.auth: object
models.providers.<id>.request.auth.mode: "provider-default"|"authorization-bearer"|"header"
models.providers.<id>.request.auth.token: string
models.providers.<id>.request.auth.headerName: string
models.providers.<id>.request.auth.value: string
models.providers.<id>.request.auth.prefix: string
models.providers.<id>.request.proxy: object
models.providers.<id>.request.proxy.mode: "env-proxy"|"explicit-proxy"
models.providers.<id>.request.proxy.tls.ca: string
models.providers.<id>.request.proxy.tls.cert: string
models.providers.<id>.request.proxy.tls.key: string
models.providers.<id>.request.proxy.tls.passphrase: string
models.providers.<id>.request.proxy.tls.serverName: string
models.providers.<id>.request.proxy.tls.insecureSkipVerify: boolean
models.providers.<id>.request.proxy.url: string
models.providers.<id>.request.tls.ca: string
models.providers.<id>.request.tls.cert: string
models.providers.<id>.request.tls.key: string
models.providers.<id>.request.tls.passphrase: string
models.providers.<id>.request.tls.serverName: string
models.providers.<id>.request.tls.insecureSkipVerify: boolean
models.providers.<id>.request.allowPrivateNetwork: boolean
models.providers.<id>.models: object[]
models.providers.<id>.models[].id: string
models.providers.<id>.models[].name: string
models.providers.<id>.models[].api: "openai-completions"|"openai-responses"|"openai-chatgpt-responses"|"anthropic-messages"|"google-generative-ai"|"google-vertex"|"github-copilot"|"bedrock-converse-stream"|"ollama"|"pi-messages"|"azure-openai-responses"
models.providers.<id>.models[].baseUrl: string
models.providers.<id>.models[].reasoning: boolean
models.providers.<id>.models[].input: object[]
models.providers.<id>.models[].input[]: "text"|"image"|"video"|"audio"
models.providers.<id>.models[].cost.input: number
models.providers.<id>.models[].cost.output: number
models.providers.<id>.models[].cost.cacheRead: number
models.providers.<id>.models[].cost.cacheWrite: number
models.providers.<id>.models[].cost.tieredPricing: object[]
models.providers.<id>.models[].cost.tieredPricing[].input: number
models.providers.<id>.models[].cost.tieredPricing[].output: number
models.providers.<id>.models[].cost.tieredPricing[].cacheRead: number
models.providers.<id>.models[].cost.tieredPricing[].cacheWrite: number
models.providers.<id>.models[].cost.tieredPricing[].range: array|object[]
models.providers.<id>.models[].contextWindow: number
models.providers.<id>.models[].contextTokens: integer
models.providers.<id>.models[].maxTokens: number
models.providers.<id>.models[].thinkingLevelMap.off: string|null
models.providers.<id>.models[].thinkingLevelMap.minimal: string|null
models.providers.<id>.models[].thinkingLevelMap.low: string|null
models.providers.<id>.models[].thinkingLevelMap.medium: string|null
models.providers.<id>.models[].thinkingLevelMap.high: string|null
models.providers.<id>.models[].thinkingLevelMap.xhigh: string|null
models.providers.<id>.models[].thinkingLevelMap.max: string|null
models.providers.<id>.models[].params: map
models.providers.<id>.models[].params.<id>:
models.providers.<id>.models[].agentRuntime.id: string
models.providers.<id>.models[].headers: map
models.providers.<id>.models[].headers.<id>: string
models.providers.<id>.models[].compat.supportsStore: boolean
models.providers.<id>.models[].compat.supportsPromptCacheKey: boolean
models.providers.<id>.models[].compat.supportsResponsesContinuation: boolean
models.providers.<id>.models[].compat.supportsDeveloperRole: boolean
models.providers.<id>.models[].compat.supportsReasoningEffort: boolean
models.providers.<id>.models[].compat.supportsTemperature: boolean
models.providers.<id>.models[].compat.supportsInstructions: boolean
models.providers.<id>.models[].compat.supportsUsageInStreaming: boolean
models.providers.<id>.models[].compat.supportsTools: boolean
models.providers.<id>.models[].compat.codeMode: "preferred"|"capable"
models.providers.<id>.models[].compat.supportsStrictMode: boolean
models.providers.<id>.models[].compat.supportsJsonSchemaResponseFormat: boolean
models.providers.<id>.models[].compat.requiresStringContent: boolean
models.providers.<id>.models[].compat.strictMessageKeys: boolean
models.providers.<id>.models[].compat.visibleReasoningDetailTypes: string[]
models.providers.<id>.models[].compat.supportedReasoningEfforts: string[]
models.providers.<id>.models[].compat.reasoningEffortMap: map
models.providers.<id>.models[].compat.reasoningEffortMap.<id>: string
models.providers.<id>.models[].compat.maxTokensField: "max_completion_tokens"|"max_tokens"
models.providers.<id>.models[].compat.thinkingFormat: "openai"|"openrouter"|"deepseek"|"together"|"qwen"|"qwen-chat-template"|"zai"
models.providers.<id>.models[].compat.requiresToolResultName: boolean
models.providers.<id>.models[].compat.requiresAssistantAfterToolResult: boolean
models.providers.<id>.models[].compat.requiresThinkingAsText: boolean
models.providers.<id>.models[].compat.requiresReasoningContentOnAssistantMessages: boolean
models.providers.<id>.models[].compat.toolSchemaProfile: string
models.providers.<id>.models[].compat.unsupportedToolSchemaKeywords: string[]
models.providers.<id>.models[].compat.toolCallArgumentsEncoding: string
models.providers.<id>.models[].compat.requiresOpenAiAnthropicToolPayload: boolean
models.providers.<id>.models[].compat.openRouterRouting.allow_fallbacks: boolean
models.providers.<id>.models[].compat.openRouterRouting.require_parameters: boolean
models.providers.<id>.models[].compat.openRouterRouting.data_collection: "deny"|"allow"
models.providers.<id>.models[].compat.openRouterRouting.zdr: boolean
models.providers.<id>.models[].compat.openRouterRouting.enforce_distillable_text: boolean
models.providers.<id>.models[].compat.openRouterRouting.order: string[]
models.providers.<id>.models[].compat.openRouterRouting.only: string[]
models.providers.<id>.models[].compat.openRouterRouting.ignore: string[]
models.providers.<id>.models[].compat.openRouterRouting.quantizations: string[]
models.providers.<id>.models[].compat.openRouterRouting.sort: string|object
models.providers.<id>.models[].compat.openRouterRouting.preferred_min_throughput: number|object
models.providers.<id>.models[].compat.openRouterRouting.preferred_max_latency: number|object
models.providers.<id>.models[].compat.vercelGatewayRouting.only: string[]
models.providers.<id>.models[].compat.vercelGatewayRouting.order: string[]
models.providers.<id>.models[].compat.zaiToolStream: boolean
models.providers.<id>.models[].compat.cacheControlFormat: "anthropic"
models.providers.<id>.models[].compat.sendSessionAffinityHeaders: boolean
models.providers.<id>.models[].compat.sendSessionIdHeader: boolean
models.providers.<id>.models[].compat.supportsEagerToolInputStreaming: boolean
models.providers.<id>.models[].compat.supportsLongCacheRetention: boolean
models.providers.<id>.models[].mediaInput.image.maxBytes: integer
models.providers.<id>.models[].mediaInput.image.maxPixels: integer
models.providers.<id>.models[].mediaInput.image.maxSidePx: integer
models.providers.<id>.models[].mediaInput.image.preferredSidePx: integer
models.providers.<id>.models[].mediaInput.image.tokenMode: "tile"|"detail"|"provider"
models.providers.<id>.models[].metadataSource: "models-add"
models.catalogRefresh.enabled: boolean
models.catalogRefresh.url: string
session.scope: "per-sender"|"global"
session.dmScope: "main"|"per-peer"|"per-channel-peer"|"per-account-channel-peer"
session.groupScope: "main"|"per-group"
session.notifyOnCreate: boolean
session.identityLinks: map
session.identityLinks.<id>: string[]
session.resetTriggers: string[]
session.reset.mode: "none"|"daily"|"idle"
session.reset.atHour: integer (0..23)
session.reset.idleMinutes: integer
session.resetByType.direct.mode: "none"|"daily"|"idle"
session.resetByType.direct.atHour: integer (0..23)
session.resetByType.direct.idleMinutes: integer
session.resetByType.group.mode: "none"|"daily"|"idle"
session.resetByType.group.atHour: integer (0..23)
session.resetByType.group.idleMinutes: integer
session.resetByType.thread.mode: "none"|"daily"|"idle"
session.resetByType.thread.atHour: integer (0..23)
session.resetByType.thread.idleMinutes: integer
session.resetByChannel: map
session.resetByChannel.<id>.mode: "none"|"daily"|"idle"
session.resetByChannel.<id>.atHour: integer (0..23)
session.resetByChannel.<id>.idleMinutes: integer
session.store: string
session.mainKey: string
session.sendPolicy.default: "allow"|"deny"
session.sendPolicy.rules: object[]
session.sendPolicy.rules[].action: "allow"|"deny"
session.sendPolicy.rules[].match.channel: string
session.sendPolicy.rules[].match.chatType: "direct"|"group"|"channel"
session.sendPolicy.rules[].match.keyPrefix: string
session.sendPolicy.rules[].match.rawKeyPrefix: string
session.threadBindings.enabled: boolean
session.threadBindings.idleHours: number (0..)
session.threadBindings.maxAgeHours: number (0..)
session.threadBindings.spawnSessions: boolean
session.threadBindings.defaultSpawnContext: "isolated"|"fork"
session.sharing.readOnly: boolean
session.sharing.suggest: boolean
session.sharing.drafts: boolean
session.maintenance.mode: "enforce"|"warn"
session.maintenance.coldStorage.enabled: boolean
session.maintenance.coldStorage.afterDays: integer
session.maintenance.pruneAfter: string|number
session.maintenance.archiveDashboardAfter: string|number|false|0
session.maintenance.maxEntries: integer
session.maintenance.preserveRecent: string|number|false
session.maintenance.resetArchiveRetention: string|number|false
session.maintenance.maxDiskBytes: string|number|false
session.maintenance.highWaterBytes: string|number
messages.visibleReplies: "automatic"|"message_tool"|boolean
messages.responsePrefix: string
messages.usageTemplate: string|object|map
messages.usageTemplate.<id>:
messages.responseUsage: "on"|"off"|"tokens"|"full"|object|map
messages.responseUsage.<id>: "on"|"off"|"tokens"|"full"
messages.groupChat.mentionPatterns: string[]
messages.groupChat.historyLimit: integer (0..)
messages.groupChat.unmentionedInbound: "user_request"|"room_event"
messages.groupChat.visibleReplies: "automatic"|"message_tool"|boolean
messages.queue.mode: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.whatsapp: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.telegram: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.discord: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.irc: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.googlechat: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.slack: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.mattermost: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.signal: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.imessage: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.msteams: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.webchat: "steer"|"followup"|"collect"|"interrupt"
messages.queue.byChannel.matrix: "steer"|"followup"|"collect"|"interrupt"
messages.queue.debounceMsByChannel: map
messages.queue.debounceMsByChannel.<id>: integer (0..)
messages.queue.cap: integer
messages.queue.drop: "old"|"new"|"summarize"
messages.inbound.debounceMs: integer (0..)
messages.inbound.byChannel: map
messages.inbound.byChannel.<id>: integer (0..)
messages.ackReaction: string
messages.ackReactionScope: "group-mentions"|"group-all"|"direct"|"all"|"off"|"none"
messages.statusReactions.enabled: boolean
logging.level: "silent"|"fatal"|"error"|"warn"|"info"|"debug"|"trace"
logging.file: string
logging.maxFileBytes: integer
logging.consoleLevel: "silent"|"fatal"|"error"|"warn"|"info"|"debug"|"trace"
logging.consoleStyle: "pretty"|"json"
logging.redactPatterns: string[]
logging.audit.enabled: boolean
logging.audit.executionIdentity: boolean
logging.audit.messages: "off"|"direct"|"all"
hooks.enabled: boolean
hooks.path: string
hooks.token: string
hooks.defaultSessionKey: string
hooks.allowRequestSessionKey: boolean
hooks.allowedSessionKeyPrefixes: string[]
hooks.allowedAgentIds: string[]
hooks.presets: string[]
hooks.transformsDir: string
hooks.mappings: object[]
hooks.mappings[].id: string
hooks.mappings[].match.path: string
hooks.mappings[].match.source: string
hooks.mappings[].action: "wake"|"agent"
hooks.mappings[].wakeMode: "now"|"next-heartbeat"
hooks.mappings[].name: string
hooks.mappings[].agentId: string
hooks.mappings[].sessionKey: string
hooks.mappings[].sessionMode: "isolated"|"persistent"
hooks.mappings[].messageTemplate: string
hooks.mappings[].textTemplate: string
hooks.mappings[].forEach: string
hooks.mappings[].deliver: boolean
hooks.mappings[].allowUnsafeExternalContent: boolean
hooks.mappings[].channel: string
hooks.mappings[].to: string
hooks.mappings[].model: string
hooks.mappings[].thinking: string
hooks.mappings[].timeoutSeconds: integer
hooks.mappings[].transform.module: string
hooks.mappings[].transform.export: string
hooks.gmail.account: string
hooks.gmail.label: string
hooks.gmail.topic: string
hooks.gmail.subscription: string
hooks.gmail.pushToken: string
hooks.gmail.hookUrl: string
hooks.gmail.includeBody: boolean
hooks.gmail.maxBytes: integer
hooks.gmail.renewEveryMinutes: integer
hooks.gmail.allowUnsafeExternalContent: boolean
hooks.gmail.serve.bind: string
hooks.gmail.serve.port: integer
hooks.gmail.serve.path: string
hooks.gmail.tailscale.mode: "off"|"serve"|"funnel"
hooks.gmail.tailscale.path: string
hooks.gmail.tailscale.target: string
hooks.gmail.model: string
hooks.gmail.thinking: "off"|"minimal"|"low"|"medium"|"high"
hooks.internal.enabled: boolean
hooks.internal.entries: map
hooks.internal.entries.<id>.enabled: boolean
hooks.internal.entries.<id>.env: map
hooks.internal.entries.<id>.env.<id>: string
hooks.internal.entries.<id>.<id>:
hooks.internal.load.extraDirs: string[]
cron.enabled: boolean
cron.skipMissedJobs: boolean
cron.triggers.enabled: boolean
cron.webhookToken: string
cron.webhookSsrfPolicy.dangerouslyAllowPrivateNetwork: boolean
cron.webhookSsrfPolicy.allowRfc2544BenchmarkRange: boolean
cron.webhookSsrfPolicy.allowIpv6UniqueLocalRange: boolean
cron.webhookSsrfPolicy.allowedHostnames: string[]
cron.webhookSsrfPolicy.blockedHostnames: string[]
cron.sessionRetention: string|false
cron.failureAlert.enabled: boolean
cron.failureAlert.after: integer (1..)
cron.failureAlert.cooldownMs: integer (0..)
cron.failureAlert.includeSkipped: boolean
cron.failureAlert.mode: "announce"|"webhook"
cron.failureAlert.accountId: string
cron.failureAlert.channel: string
cron.failureAlert.to: string
secrets.egressProxy.enabled: boolean
secrets.egressProxy.allowedHosts: string[]
secrets.egressProxy.bypassHosts: string[]
secrets.providers.<id>: object
secrets.providers.<id>.source: "env"|"file"|"store"
secrets.providers.<id>.allowlist: string[]
secrets.providers.<id>.path: string
secrets.providers.<id>.mode: "singleValue"|"json"
secrets.providers.<id>.timeoutMs: integer (..120000)
secrets.providers.<id>.maxBytes: integer (..20971520)
secrets.defaults.env: string
secrets.defaults.file: string
secrets.defaults.exec: string
secrets.defaults.store: string
commands.native: boolean|"auto" = "auto"
commands.nativeSkills: boolean|"auto" = "auto"
commands.text: boolean
commands.bash: boolean
commands.bashForegroundMs: integer (0..30000)
commands.config: boolean
commands.mcp: boolean
commands.plugins: boolean
commands.debug: boolean
commands.restart: boolean = true
commands.ownerAllowFrom: string|number[]
commands.allowFrom: map
commands.allowFrom.<id>: string|number[]
memory.citations: "auto"|"on"|"off"
memory.search.enabled: boolean
memory.search.rememberAcrossConversations: boolean
memory.search.sources: object[]
memory.search.sources[]: "memory"|"sessions"
memory.search.extraPaths: object[]
memory.search.extraPaths[]: string|object
memory.search.extraPaths[].path: string
memory.search.extraPaths[].pattern: string
memory.search.multimodal.enabled: boolean
memory.search.multimodal.modalities: object[]
memory.search.multimodal.modalities[]: "image"|"audio"|"all"
memory.search.multimodal.maxFileBytes: integer
memory.search.experimental.sessionMemory: boolean
memory.search.provider: string
memory.search.remote.baseUrl: string
memory.search.remote.apiKey: string
memory.search.remote.headers: map
memory.search.remote.headers.<id>: string
memory.search.remote.batch.enabled: boolean
memory.search.fallback: string
memory.search.model: string
memory.search.inputType: string
memory.search.queryInputType: string
memory.search.documentInputType: string
memory.search.outputDimensionality: integer
memory.search.local.modelPath: string
memory.search.store.fts.tokenizer: "unicode61"|"trigram"
memory.search.store.vector.enabled: boolean
memory.search.store.vector.extensionPath: string
memory.search.query.maxResults: integer
memory.search.query.minScore: number (0..1)
memory.search.cache.enabled: boolean
mcp.sessionIdleTtlMs: number (0..)
mcp.servers: map
mcp.servers.<id>.enabled: boolean
mcp.servers.<id>.command: string
mcp.servers.<id>.args: string[]
mcp.servers.<id>.env: map
mcp.servers.<id>.env.<id>: string|number|boolean
mcp.servers.<id>.cwd: string
mcp.servers.<id>.url: string
mcp.servers.<id>.transport: "stdio"|"sse"|"streamable-http"
mcp.servers.<id>.headers: map
mcp.servers.<id>.headers.<id>: string|number|boolean
mcp.servers.<id>.connectionTimeoutMs: number
mcp.servers.<id>.requestTimeoutMs: number
mcp.servers.<id>.supportsParallelToolCalls: boolean
mcp.servers.<id>.auth: "oauth"
mcp.servers.<id>.oauth.identity: "shared"|"per-requester"
mcp.servers.<id>.oauth.authProfileId: string
mcp.servers.<id>.oauth.scope: string
mcp.servers.<id>.oauth.redirectUrl: string
mcp.servers.<id>.oauth.clientMetadataUrl: string
mcp.servers.<id>.sslVerify: boolean
mcp.servers.<id>.clientCert: string
mcp.servers.<id>.clientKey: string
mcp.servers.<id>.toolFilter.include: string[]
mcp.servers.<id>.toolFilter.exclude: string[]
mcp.servers.<id>.codex.agents: string[]
mcp.servers.<id>.codex.defaultToolsApprovalMode: "auto"|"prompt"|"approve"
mcp.servers.<id>.<id>:
mcp.apps.enabled: boolean
mcp.apps.sandboxOrigin: string
mcp.apps.sandboxPort: integer (1..65535)
update.channel: "stable"|"extended-stable"|"beta"|"dev"
update.checkOnStart: boolean
update.auto.enabled: boolean
env.shellEnv.enabled: boolean
env.shellEnv.timeoutMs: integer (0..)
env.vars: map
env.vars.<id>: string
meta.lastTouchedVersion: string
meta.migrations.modelPolicyAllowlist: true
meta.migrations.utilityModelSeparation: true
diagnostics.enabled: boolean
diagnostics.flags: string[]
diagnostics.otel.enabled: boolean
diagnostics.otel.endpoint: string
diagnostics.otel.tracesEndpoint: string
diagnostics.otel.metricsEndpoint: string
diagnostics.otel.logsEndpoint: string
diagnostics.otel.protocol: "http/protobuf"
diagnostics.otel.headers: map
diagnostics.otel.headers.<id>: string
diagnostics.otel.serviceName: string
diagnostics.otel.metricNamePrefix: string
diagnostics.otel.traces: boolean
diagnostics.otel.metrics: boolean
diagnostics.otel.logs: boolean
diagnostics.otel.logsExporter: "otlp"|"stdout"|"both"
diagnostics.otel.sampleRate: number (0..1)
diagnostics.otel.flushIntervalMs: integer (0..)
diagnostics.otel.captureContent: boolean
diagnostics.cacheTrace.enabled: boolean
tools.profile: "minimal"|"coding"|"messaging"|"full"
tools.allow: string[]
tools.alsoAllow: string[]
tools.deny: string[]
tools.byProvider: map
tools.toolsBySender: map
tools.github.profileId: string
tools.github.kind: "oauth"
tools.media.models: object[]
tools.media.concurrency: integer
tools.links.enabled: boolean
tools.links.maxLinks: integer
tools.links.timeoutSeconds: integer
tools.links.models: object[]
tools.sessions.visibility: "self"|"tree"|"agent"|"all"
tools.loopDetection.enabled: boolean
tools.toolSearch: boolean|object
tools.toolSearch.enabled: boolean
tools.toolSearch.mode: "code"|"tools"|"directory"
tools.toolSearch.codeTimeoutMs: integer
tools.toolSearch.searchDefaultLimit: integer
tools.toolSearch.maxSearchLimit: integer
tools.codeMode: boolean|"auto"|object
tools.codeMode.enabled: boolean|"auto"
tools.codeMode.executor: "node"|"quickjs"
tools.codeMode.mode: "only"
tools.codeMode.timeoutMs: integer
tools.codeMode.memoryLimitBytes: integer
tools.codeMode.maxOutputBytes: integer
tools.codeMode.maxSnapshotBytes: integer
tools.codeMode.maxPendingToolCalls: integer
tools.codeMode.snapshotTtlSeconds: integer
tools.codeMode.searchDefaultLimit: integer
tools.codeMode.maxSearchLimit: integer
tools.swarm: boolean|object
tools.swarm.enabled: boolean
tools.swarm.maxConcurrent: integer
tools.swarm.maxChildrenPerGroup: integer
tools.swarm.maxTotalPerGroup: integer
tools.swarm.waitTimeoutSecondsMax: integer
tools.swarm.defaultAgentId: string
tools.agentToAgent.enabled: boolean
tools.agentToAgent.allow: string[]
tools.elevated.enabled: boolean
tools.elevated.allowFrom: map
tools.exec.host: "auto"|"sandbox"|"gateway"|"node"
tools.exec.mode: "deny"|"allowlist"|"ask"|"auto"|"full"
tools.exec.security: "deny"|"allowlist"|"full"
tools.exec.ask: "off"|"on-miss"|"always"
tools.exec.node: string
tools.exec.pathPrepend: string[]
tools.exec.safeBins: string[]
tools.exec.strictInlineEval: boolean
tools.exec.commandHighlighting: boolean
tools.exec.grantExpiryDays: integer (1..3650)
tools.exec.safeBinTrustedDirs: string[]
tools.exec.safeBinProfiles: map
tools.exec.backgroundMs: integer
tools.exec.approvalRunningNoticeMs: integer (0..)
tools.exec.timeoutSeconds: integer
tools.exec.cleanupMs: integer
tools.exec.notifyOnExit: boolean
tools.exec.notifyOnExitEmptySuccess: boolean
tools.fs.workspaceOnly: boolean
tools.updatePlan: boolean
bindings: object[]
bindings[]: object
bindings[].type: "route"|"acp"
bindings[].agentId: string
bindings[].comment: string
bindings[].match.channel: string
bindings[].match.accountId: string
bindings[].match.peer.kind: "direct"|"group"|"channel"
bindings[].match.peer.id: string
bindings[].match.guildId: string
bindings[].match.teamId: string
bindings[].match.roles: string[]
bindings[].session.dmScope: "main"|"per-peer"|"per-channel-peer"|"per-account-channel-peer"
bindings[].session.groupScope: "main"|"per-group"
bindings[].acp.mode: "persistent"|"oneshot"
bindings[].acp.label: string
bindings[].acp.cwd: string
bindings[].acp.backend: string
approvals.exec.enabled: boolean
approvals.exec.mode: "session"|"targets"|"both"
approvals.exec.agentFilter: string[]
approvals.exec.sessionFilter: string[]
approvals.exec.targets: object[]
approvals.exec.targets[].channel: string
approvals.exec.targets[].to: string
approvals.exec.targets[].accountId: string
approvals.exec.targets[].threadId: string|number
approvals.plugin.enabled: boolean
approvals.plugin.mode: "session"|"targets"|"both"
approvals.plugin.agentFilter: string[]
approvals.plugin.sessionFilter: string[]
approvals.plugin.targets: object[]
approvals.plugin.targets[].channel: string
approvals.plugin.targets[].to: string
approvals.plugin.targets[].accountId: string
approvals.plugin.targets[].threadId: string|number
attachments.ttlHours: integer (1..168)
discovery.wideArea.domain: string
discovery.mdns.mode: "off"|"minimal"|"full"
auth.profiles: map
auth.profiles.<id>.provider: string
auth.profiles.<id>.mode: "api_key"|"aws-sdk"|"oauth"|"token"
auth.profiles.<id>.email: string
auth.profiles.<id>.displayName: string
auth.order: map
auth.order.<id>: string[]
ui.seamColor: string
ui.prefs.theme: "claw"|"knot"|"dash"|"absolutely"|"tide"|"beacon"|"phosphor"|"crt"|"manuscript"|"rose"|"miami"|"custom"
ui.prefs.themeMode: "light"|"dark"|"system"
ui.prefs.accent: "theme"|string
ui.prefs.locale: string
ui.prefs.chatShowThinking: boolean
ui.prefs.chatShowToolCalls: boolean
ui.prefs.chatPersistCommentary: boolean
ui.prefs.chatSendShortcut: "enter"|"modifier-enter"
ui.prefs.chatFollowUpMode: "steer"|"queue"
ui.prefs.sidebarEntries: string[]
channels.defaults.groupPolicy: "open"|"disabled"|"allowlist"
channels.defaults.contextVisibility: "all"|"allowlist"|"allowlist_quote"
channels.defaults.heartbeatVisibility.showOk: boolean
channels.defaults.heartbeatVisibility.showAlerts: boolean
channels.defaults.heartbeatVisibility.useIndicator: boolean
channels.defaults.botLoopProtection.enabled: boolean
channels.defaults.botLoopProtection.maxEventsPerWindow: integer
channels.defaults.botLoopProtection.windowSeconds: integer
channels.defaults.botLoopProtection.cooldownSeconds: integer
channels.defaults.implicitMentions.replyToBot: boolean
channels.defaults.implicitMentions.quotedBot: boolean
channels.defaults.implicitMentions.threadParticipation: boolean
channels.modelByChannel: map
channels.modelByChannel.<id>: map
channels.modelByChannel.<id>.<id>: string
channels.discord.name: string
channels.discord.capabilities: string[]
channels.discord.markdown.tables: "off"|"bullets"|"code"|"block"
channels.discord.configWrites: boolean
channels.discord.enabled: boolean
channels.discord.dmPolicy: "pairing"|"allowlist"|"open"|"disabled" = "pairing"
channels.discord.allowFrom: string[]
channels.discord.defaultTo: string
channels.discord.groupPolicy: "open"|"disabled"|"allowlist" = "allowlist"
channels.discord.mentionPatterns.mode: "allow"|"deny"
channels.discord.mentionPatterns.allowIn: string[]
channels.discord.mentionPatterns.denyIn: string[]
channels.discord.contextVisibility: "all"|"allowlist"|"allowlist_quote"
channels.discord.historyLimit: integer (0..)
channels.discord.dmHistoryLimit: integer (0..)
channels.discord.dms: map
channels.discord.textChunkLimit: integer
channels.discord.streaming.mode: "off"|"partial"|"block"|"progress"
channels.discord.streaming.chunkMode: "length"|"newline"
channels.discord.heartbeatVisibility.showOk: boolean
channels.discord.heartbeatVisibility.showAlerts: boolean
channels.discord.heartbeatVisibility.useIndicator: boolean
channels.discord.healthMonitor.enabled: boolean
channels.discord.responsePrefix: string
channels.discord.mediaMaxMb: number
channels.discord.replyToMode: "off"|"first"|"all"|"batched"
channels.discord.joinIntro: boolean
channels.discord.commands.native: boolean|"auto"
channels.discord.commands.nativeSkills: boolean|"auto"
channels.discord.token: string
channels.discord.applicationId: string
channels.discord.activities.clientSecret: string
channels.discord.activities.applicationId: string
channels.discord.proxy: string
channels.discord.allowBots: boolean|"mentions"
channels.discord.botLoopProtection.enabled: boolean
channels.discord.botLoopProtection.maxEventsPerWindow: integer
channels.discord.botLoopProtection.windowSeconds: integer
channels.discord.botLoopProtection.cooldownSeconds: integer
channels.discord.dangerouslyAllowNameMatching: boolean
channels.discord.mentionAliases: map
channels.discord.mentionAliases.<id>: string
channels.discord.suppressEmbeds: boolean
channels.discord.maxLinesPerMessage: integer
channels.discord.actions.reactions: boolean
channels.discord.actions.stickers: boolean
channels.discord.actions.emojiUploads: boolean
channels.discord.actions.stickerUploads: boolean
channels.discord.actions.polls: boolean
channels.discord.actions.permissions: boolean
channels.discord.actions.messages: boolean
channels.discord.actions.threads: boolean
channels.discord.actions.pins: boolean
channels.discord.actions.search: boolean
channels.discord.actions.memberInfo: boolean
channels.discord.actions.roleInfo: boolean
channels.discord.actions.roles: boolean
channels.discord.actions.channelInfo: boolean
channels.discord.actions.voiceStatus: boolean
channels.discord.actions.events: boolean
channels.discord.actions.moderation: boolean
channels.discord.actions.channels: boolean
channels.discord.actions.presence: boolean
channels.discord.thread.inheritParent: boolean
channels.discord.dm.enabled: boolean
channels.discord.dm.groupEnabled: boolean
channels.discord.dm.groupChannels: string[]
channels.discord.guilds: map
channels.discord.execApprovals.enabled: boolean|"auto"
channels.discord.execApprovals.approvers: string[]
channels.discord.execApprovals.agentFilter: string[]
channels.discord.execApprovals.sessionFilter: string[]
channels.discord.execApprovals.target: "dm"|"channel"|"both"
channels.discord.execApprovals.cleanupAfterResolve: boolean
channels.discord.agentComponents.enabled: boolean
channels.discord.agentComponents.ttlMs: integer (..86400000)
channels.discord.slashCommand.ephemeral: boolean
channels.discord.threadBindings.enabled: boolean
channels.discord.threadBindings.idleHours: number (0..)
channels.discord.threadBindings.maxAgeHours: number (0..)
channels.discord.threadBindings.spawnSessions: boolean
channels.discord.threadBindings.defaultSpawnContext: "isolated"|"fork"
channels.discord.intents.messageContent: boolean
channels.discord.intents.presence: boolean
channels.discord.intents.guildMembers: boolean
channels.discord.intents.voiceStates: boolean
channels.discord.voice.enabled: boolean
channels.discord.voice.mode: "stt-tts"|"agent-proxy"|"bidi"
channels.discord.voice.model: string
channels.discord.voice.autoJoin: object[]
channels.discord.voice.followUsersEnabled: boolean
channels.discord.voice.followUsers: string[]
channels.discord.voice.allowedChannels: object[]
channels.discord.voice.daveEncryption: boolean
channels.discord.voice.decryptionFailureTolerance: integer (0..)
channels.discord.voice.connectTimeoutMs: integer (..120000)
channels.discord.voice.reconnectGraceMs: integer (..120000)
channels.discord.voice.captureSilenceGraceMs: integer (..30000)
channels.discord.pluralkit.enabled: boolean
channels.discord.pluralkit.token: string
channels.discord.ackReaction: string
channels.discord.ackReactionScope: "group-mentions"|"group-all"|"direct"|"all"|"off"|"none"
channels.discord.activity: string
channels.discord.status: "online"|"dnd"|"idle"|"invisible"
channels.discord.autoPresence.enabled: boolean
channels.discord.autoPresence.intervalMs: integer
channels.discord.autoPresence.minUpdateIntervalMs: integer
channels.discord.activityType: 0|1|2|3|4|5
channels.discord.activityUrl: string
channels.discord.inboundWorker.runTimeoutMs: integer (0..)
channels.discord.accounts: map
channels.discord.defaultAccount: string
channels.irc.name: string
channels.irc.enabled: boolean
channels.irc.configWrites: boolean
channels.irc.healthMonitor.enabled: boolean
channels.irc.replyToMode: "off"|"first"|"all"|"batched"
channels.irc.dangerouslyAllowNameMatching: boolean
channels.irc.host: string
channels.irc.port: integer (1..65535)
channels.irc.tls: boolean
channels.irc.nick: string
channels.irc.username: string
channels.irc.realname: string
channels.irc.password: string
channels.irc.passwordFile: string
channels.irc.nickserv.enabled: boolean
channels.irc.nickserv.service: string
channels.irc.nickserv.password: string
channels.irc.nickserv.passwordFile: string
channels.irc.nickserv.register: boolean
channels.irc.nickserv.registerEmail: string
channels.irc.dmPolicy: "pairing"|"allowlist"|"open"|"disabled" = "pairing"
channels.irc.allowFrom: string|number[]
channels.irc.groupPolicy: "open"|"disabled"|"allowlist" = "allowlist"
channels.irc.groupAllowFrom: string|number[]
channels.irc.groups: map
channels.irc.channels: string[]
channels.irc.markdown.tables: "off"|"bullets"|"code"|"block"
channels.irc.historyLimit: integer (0..)
channels.irc.dmHistoryLimit: integer (0..)
channels.irc.contextVisibility: "all"|"allowlist"|"allowlist_quote"
channels.irc.dms: map
channels.irc.textChunkLimit: integer
channels.irc.streaming.chunkMode: "length"|"newline"
channels.irc.responsePrefix: string
channels.irc.mediaMaxMb: number
channels.irc.accounts: map
channels.irc.defaultAccount: string
channels.matrix.name: string
channels.matrix.enabled: boolean
channels.matrix.configWrites: boolean
channels.matrix.joinIntro: boolean
channels.matrix.defaultAccount: string
channels.matrix.accounts: map
channels.matrix.markdown.tables: "off"|"bullets"|"code"|"block"
channels.matrix.homeserver: string
channels.matrix.network.dangerouslyAllowPrivateNetwork: boolean
channels.matrix.proxy: string
channels.matrix.userId: string
channels.matrix.accessToken: string
channels.matrix.password: string
channels.matrix.deviceId: string
channels.matrix.deviceName: string
channels.matrix.avatarUrl: string
channels.matrix.initialSyncLimit: number
channels.matrix.encryption: boolean
channels.matrix.allowlistOnly: boolean
channels.matrix.dangerouslyAllowNameMatching: boolean
channels.matrix.allowBots: boolean|"mentions"
channels.matrix.botLoopProtection.enabled: boolean
channels.matrix.botLoopProtection.maxEventsPerWindow: integer
channels.matrix.botLoopProtection.windowSeconds: integer
channels.matrix.botLoopProtection.cooldownSeconds: integer
channels.matrix.groupPolicy: "open"|"disabled"|"allowlist"
channels.matrix.mentionPatterns.mode: "allow"|"deny"
channels.matrix.mentionPatterns.allowIn: string[]
channels.matrix.mentionPatterns.denyIn: string[]
channels.matrix.contextVisibility: "all"|"allowlist"|"allowlist_quote"
channels.matrix.streaming.mode: "partial"|"quiet"|"progress"|"off"
channels.matrix.streaming.chunkMode: "length"|"newline"
channels.matrix.replyToMode: "off"|"first"|"all"|"batched"
channels.matrix.threadReplies: "off"|"inbound"|"always"
channels.matrix.textChunkLimit: number
channels.matrix.responsePrefix: string
channels.matrix.ackReaction: string
channels.matrix.ackReactionScope: "group-mentions"|"group-all"|"direct"|"all"|"none"|"off"
channels.matrix.reactionNotifications: "off"|"own"
channels.matrix.threadBindings.enabled: boolean
channels.matrix.threadBindings.idleHours: number (0..)
channels.matrix.threadBindings.maxAgeHours: number (0..)
channels.matrix.threadBindings.spawnSessions: boolean
channels.matrix.threadBindings.defaultSpawnContext: "isolated"|"fork"
channels.matrix.startupVerification: "off"|"if-unverified"
channels.matrix.startupVerificationCooldownHours: number
channels.matrix.mediaMaxMb: number
channels.matrix.historyLimit: integer (0..)
channels.matrix.autoJoin: "always"|"allowlist"|"off"
channels.matrix.autoJoinAllowlist: string|number[]
channels.matrix.groupAllowFrom: string|number[]
channels.matrix.dm.enabled: boolean
channels.matrix.dm.policy: "pairing"|"allowlist"|"open"|"disabled"
channels.matrix.dm.allowFrom: string|number[]
channels.matrix.dm.sessionScope: "per-user"|"per-room"
channels.matrix.dm.threadReplies: "off"|"inbound"|"always"
channels.matrix.execApprovals.enabled: boolean|"auto"
channels.matrix.execApprovals.approvers: string|number[]
channels.matrix.execApprovals.agentFilter: string[]
channels.matrix.execApprovals.sessionFilter: string[]
channels.matrix.execApprovals.target: "dm"|"channel"|"both"
channels.matrix.actions.reactions: boolean
channels.matrix.actions.messages: boolean
channels.matrix.actions.pins: boolean
channels.matrix.actions.profile: boolean
channels.matrix.actions.memberInfo: boolean
channels.matrix.actions.channelInfo: boolean
channels.matrix.actions.verification: boolean
channels.signal.name: string
channels.signal.capabilities: string[]
channels.signal.markdown.tables: "off"|"bullets"|"code"|"block"
channels.signal.configWrites: boolean
channels.signal.enabled: boolean
channels.signal.dmPolicy: "pairing"|"allowlist"|"open"|"disabled" = "pairing"
channels.signal.allowFrom: string|number[]
channels.signal.defaultTo: string
channels.signal.groupAllowFrom: string|number[]
channels.signal.groupPolicy: "open"|"disabled"|"allowlist" = "allowlist"
channels.signal.contextVisibility: "all"|"allowlist"|"allowlist_quote"
channels.signal.historyLimit: integer (0..)
channels.signal.dmHistoryLimit: integer (0..)
channels.signal.dms: map
channels.signal.textChunkLimit: integer
channels.signal.streaming.chunkMode: "length"|"newline"
channels.signal.heartbeatVisibility.showOk: boolean
channels.signal.heartbeatVisibility.showAlerts: boolean
channels.signal.heartbeatVisibility.useIndicator: boolean
channels.signal.healthMonitor.enabled: boolean
channels.signal.responsePrefix: string
channels.signal.mediaMaxMb: integer
channels.signal.replyToMode: "off"|"first"|"all"|"batched"
channels.signal.account: string
channels.signal.accountUuid: string
channels.signal.transport: object
channels.signal.transport.kind: "managed-native"|"external-native"|"container"
channels.signal.transport.configPath: string
channels.signal.transport.socketPath: string
channels.signal.transport.url: string
channels.signal.transport.httpHost: string
channels.signal.transport.httpPort: integer (1..65535)
channels.signal.transport.cliPath: string
channels.signal.transport.startupTimeoutMs: integer (1000..120000)
channels.signal.transport.receiveMode: "on-start"|"manual"
channels.signal.transport.ignoreStories: boolean
channels.signal.ignoreAttachments: boolean
channels.signal.sendReadReceipts: boolean
channels.signal.aliases: map
channels.signal.aliases.<id>: string
channels.signal.groups: map
channels.signal.replyToModeByChatType.direct: "off"|"first"|"all"|"batched"
channels.signal.replyToModeByChatType.group: "off"|"first"|"all"|"batched"
channels.signal.reactionNotifications: "off"|"own"|"all"|"allowlist"
channels.signal.reactionAllowlist: string|number[]
channels.signal.reactionLevel: "off"|"ack"|"minimal"|"extensive"
channels.signal.actions.reactions: boolean
channels.signal.accounts: map
channels.signal.defaultAccount: string
channels.slack.name: string
channels.slack.capabilities: string[]
channels.slack.markdown.tables: "off"|"bullets"|"code"|"block"
channels.slack.configWrites: boolean
channels.slack.enabled: boolean
channels.slack.dmPolicy: "pairing"|"allowlist"|"open"|"disabled" = "pairing"
channels.slack.allowFrom: string|number[]
channels.slack.defaultTo: string
channels.slack.groupPolicy: "open"|"disabled"|"allowlist" = "allowlist"
channels.slack.mentionPatterns.mode: "allow"|"deny"
channels.slack.mentionPatterns.allowIn: string[]
channels.slack.mentionPatterns.denyIn: string[]
channels.slack.contextVisibility: "all"|"allowlist"|"allowlist_quote"
channels.slack.historyLimit: integer (0..)
channels.slack.dmHistoryLimit: integer (0..)
channels.slack.dms: map
channels.slack.textChunkLimit: integer
channels.slack.streaming.mode: "off"|"partial"|"block"|"progress"
channels.slack.streaming.chunkMode: "length"|"newline"
channels.slack.streaming.nativeTransport: boolean
channels.slack.heartbeatVisibility.showOk: boolean
channels.slack.heartbeatVisibility.showAlerts: boolean
channels.slack.heartbeatVisibility.useIndicator: boolean
channels.slack.healthMonitor.enabled: boolean
channels.slack.responsePrefix: string
channels.slack.mediaMaxMb: number
channels.slack.replyToMode: "off"|"first"|"all"|"batched"
channels.slack.joinIntro: boolean
channels.slack.postAs: "bot"|"user" = "bot"
channels.slack.mode: "socket"|"http"|"relay" = "socket"
channels.slack.relay.url: string
channels.slack.relay.authToken: string
channels.slack.relay.gatewayId: string
channels.slack.signingSecret: string
channels.slack.webhookPath: string = "/slack/events"
channels.slack.execApprovals.enabled: boolean|"auto"
channels.slack.execApprovals.approvers: string|number[]
channels.slack.execApprovals.agentFilter: string[]
channels.slack.execApprovals.sessionFilter: string[]
channels.slack.execApprovals.target: "dm"|"channel"|"both"
channels.slack.commands.native: boolean|"auto"
channels.slack.commands.nativeSkills: boolean|"auto"
channels.slack.botToken: string
channels.slack.appToken: string
channels.slack.userToken: string
channels.slack.userTokenReadOnly: boolean = true
channels.slack.allowBots: boolean|"mentions"
channels.slack.botLoopProtection.enabled: boolean
channels.slack.botLoopProtection.maxEventsPerWindow: integer
channels.slack.botLoopProtection.windowSeconds: integer
channels.slack.botLoopProtection.cooldownSeconds: integer
channels.slack.dangerouslyAllowNameMatching: boolean
channels.slack.requireMention: boolean
channels.slack.implicitMentions.replyToBot: boolean
channels.slack.implicitMentions.quotedBot: boolean
channels.slack.implicitMentions.threadParticipation: boolean
channels.slack.unfurlLinks: boolean
channels.slack.unfurlMedia: boolean
channels.slack.reactionNotifications: "off"|"own"|"all"|"allowlist"
channels.slack.reactionAllowlist: string|number[]
channels.slack.ackReaction: string
channels.slack.replyToModeByChatType.direct: "off"|"first"|"all"|"batched"
channels.slack.replyToModeByChatType.group: "off"|"first"|"all"|"batched"
channels.slack.replyToModeByChatType.channel: "off"|"first"|"all"|"batched"
channels.slack.thread.historyScope: "thread"|"channel"
channels.slack.thread.inheritParent: boolean
channels.slack.thread.initialHistoryLimit: integer (0..)
channels.slack.presenceEvents.mode: "off"|"auto"|"on"
channels.slack.presenceEvents.prompt: string
channels.slack.actions.reactions: boolean
channels.slack.actions.messages: boolean
channels.slack.actions.pins: boolean
channels.slack.actions.search: boolean
channels.slack.actions.permissions: boolean
channels.slack.actions.memberInfo: boolean
channels.slack.actions.channelInfo: boolean
channels.slack.actions.emojiList: boolean
channels.slack.slashCommand.enabled: boolean
channels.slack.slashCommand.name: string
channels.slack.slashCommand.sessionPrefix: string
channels.slack.slashCommand.ephemeral: boolean
channels.slack.dm.enabled: boolean
channels.slack.dm.groupEnabled: boolean
channels.slack.dm.groupChannels: string|number[]
channels.slack.channels: map
channels.slack.typingReaction: string
channels.slack.accounts: map
channels.slack.defaultAccount: string
channels.telegram.name: string
channels.telegram.capabilities: array|object|string[]
channels.telegram.capabilities.inlineButtons: "off"|"dm"|"group"|"all"|"allowlist"
channels.telegram.markdown.tables: "off"|"bullets"|"code"|"block"
channels.telegram.configWrites: boolean
channels.telegram.enabled: boolean
channels.telegram.dmPolicy: "pairing"|"allowlist"|"open"|"disabled" = "pairing"
channels.telegram.allowFrom: string|number[]
channels.telegram.defaultTo: string|number
channels.telegram.groupAllowFrom: string|number[]
channels.telegram.groupPolicy: "open"|"disabled"|"allowlist" = "allowlist"
channels.telegram.mentionPatterns.mode: "allow"|"deny"
channels.telegram.mentionPatterns.allowIn: string[]
channels.telegram.mentionPatterns.denyIn: string[]
channels.telegram.contextVisibility: "all"|"allowlist"|"allowlist_quote"
channels.telegram.historyLimit: integer (0..)
channels.telegram.dmHistoryLimit: integer (0..)
channels.telegram.dms: map
channels.telegram.textChunkLimit: integer
channels.telegram.streaming.mode: "off"|"partial"|"block"|"progress"
channels.telegram.streaming.chunkMode: "length"|"newline"
channels.telegram.heartbeatVisibility.showOk: boolean
channels.telegram.heartbeatVisibility.showAlerts: boolean
channels.telegram.heartbeatVisibility.useIndicator: boolean
channels.telegram.healthMonitor.enabled: boolean
channels.telegram.responsePrefix: string
channels.telegram.mediaMaxMb: number
channels.telegram.replyToMode: "off"|"first"|"all"|"batched"
channels.telegram.joinIntro: boolean
channels.telegram.execApprovals.enabled: boolean|"auto"
channels.telegram.execApprovals.approvers: string|number[]
channels.telegram.execApprovals.agentFilter: string[]
channels.telegram.execApprovals.sessionFilter: string[]
channels.telegram.execApprovals.target: "dm"|"channel"|"both"
channels.telegram.commands.native: boolean|"auto"
channels.telegram.commands.nativeSkills: boolean|"auto"
channels.telegram.customCommands: object[]
channels.telegram.customCommands[].command: string
channels.telegram.customCommands[].description: string
channels.telegram.botToken: string
channels.telegram.tokenFile: string
channels.telegram.groups: map
channels.telegram.direct: map
channels.telegram.richMessages: boolean
channels.telegram.network.autoSelectFamily: boolean
channels.telegram.network.dnsResultOrder: "ipv4first"|"verbatim"
channels.telegram.network.dangerouslyAllowPrivateNetwork: boolean
channels.telegram.proxy: string
channels.telegram.webhookUrl: string
channels.telegram.webhookSecret: string
channels.telegram.webhookPath: string
channels.telegram.webhookHost: string
channels.telegram.webhookPort: integer (0..)
channels.telegram.webhookCertPath: string
channels.telegram.actions.reactions: boolean
channels.telegram.actions.sendMessage: boolean
channels.telegram.actions.poll: boolean
channels.telegram.actions.deleteMessage: boolean
channels.telegram.actions.editMessage: boolean
channels.telegram.actions.sticker: boolean
channels.telegram.actions.createForumTopic: boolean
channels.telegram.actions.editForumTopic: boolean
channels.telegram.threadBindings.enabled: boolean
channels.telegram.threadBindings.idleHours: number (0..)
channels.telegram.threadBindings.maxAgeHours: number (0..)
channels.telegram.threadBindings.spawnSessions: boolean
channels.telegram.threadBindings.defaultSpawnContext: "isolated"|"fork"
channels.telegram.reactionNotifications: "off"|"own"|"all"
channels.telegram.reactionLevel: "off"|"ack"|"minimal"|"extensive"
channels.telegram.ackReaction: string
channels.telegram.linkPreview: boolean
channels.telegram.silentErrorReplies: boolean
channels.telegram.errorPolicy: "always"|"once"|"silent"
channels.telegram.apiRoot: string
channels.telegram.trustedLocalFileRoots: string[]
channels.telegram.autoTopicLabel: boolean|object
channels.telegram.autoTopicLabel.enabled: boolean
channels.telegram.autoTopicLabel.prompt: string
channels.telegram.accounts: map
channels.telegram.defaultAccount: string
channels.whatsapp.capabilities: string[]
channels.whatsapp.markdown.tables: "off"|"bullets"|"code"|"block"
channels.whatsapp.configWrites: boolean
channels.whatsapp.enabled: boolean
channels.whatsapp.dmPolicy: "pairing"|"allowlist"|"open"|"disabled" = "pairing"
channels.whatsapp.allowFrom: string[]
channels.whatsapp.defaultTo: string
channels.whatsapp.groupAllowFrom: string[]
channels.whatsapp.groupPolicy: "open"|"disabled"|"allowlist" = "allowlist"
channels.whatsapp.mentionPatterns.mode: "allow"|"deny"
channels.whatsapp.mentionPatterns.allowIn: string[]
channels.whatsapp.mentionPatterns.denyIn: string[]
channels.whatsapp.contextVisibility: "all"|"allowlist"|"allowlist_quote"
channels.whatsapp.historyLimit: integer (0..)
channels.whatsapp.dmHistoryLimit: integer (0..)
channels.whatsapp.dms: map
channels.whatsapp.textChunkLimit: integer
channels.whatsapp.streaming.chunkMode: "length"|"newline"
channels.whatsapp.heartbeatVisibility.showOk: boolean
channels.whatsapp.heartbeatVisibility.showAlerts: boolean
channels.whatsapp.heartbeatVisibility.useIndicator: boolean
channels.whatsapp.healthMonitor.enabled: boolean
channels.whatsapp.responsePrefix: string
channels.whatsapp.mediaMaxMb: integer = 50
channels.whatsapp.replyToMode: "off"|"first"|"all"|"batched"
channels.whatsapp.sendReadReceipts: boolean
channels.whatsapp.selfChatMode: boolean
channels.whatsapp.groups: map
channels.whatsapp.direct: map
channels.whatsapp.reactionLevel: "off"|"ack"|"minimal"|"extensive"
channels.whatsapp.pluginHooks.messageReceived: boolean
channels.whatsapp.accounts: map
channels.whatsapp.defaultAccount: string
channels.whatsapp.actions.reactions: boolean
channels.whatsapp.actions.sendMessage: boolean
channels.whatsapp.actions.polls: boolean
channels.whatsapp.actions.calls: boolean
skills.allowBundled: string[]
skills.load.extraDirs: string[]
skills.load.allowSymlinkTargets: string[]
skills.load.watch: boolean
skills.install.preferBrew: boolean
skills.install.nodeManager: "npm"|"pnpm"|"yarn"|"bun"
skills.install.allowUploadedArchives: boolean
skills.limits.maxCandidatesPerRoot: integer (1..)
skills.limits.maxSkillsLoadedPerSource: integer (1..)
skills.limits.maxSkillsInPrompt: integer (0..)
skills.limits.maxSkillsPromptChars: integer (0..)
skills.limits.maxSkillFileBytes: integer (0..)
skills.workshop.approvalPolicy: "pending"|"auto"
skills.workshop.maxPending: integer (1..)
skills.workshop.maxSkillBytes: integer (1..)
skills.entries: map
plugins.enabled: boolean
plugins.allow: string[]
plugins.deny: string[]
plugins.load.paths: string[]
plugins.slots.memory: string
plugins.slots.contextEngine: string
`;

/**
 * Lines that replace one of the table, or are missing in it. `(required)` marks what an entry cannot do without.
 * They add the modes and the older spellings that the gateway accepts, and the limits that the table leaves out.
 */
export const ownKeys = `
$schema:
gateway.reload.mode: "off"|"hot"|"restart"|"hybrid"
gateway.auth.rateLimit.maxAttempts: number (1..)
gateway.auth.rateLimit.windowMs: number (1..)
gateway.auth.rateLimit.lockoutMs: number (0..)
agents.defaults.maxConcurrent: integer (1..)
agents.list: object[]
agents.list[].id: string (required)
hooks.mappings[].timeoutSeconds: integer (1..)
hooks.mappings[].signature.scheme: "github"|"stripe"|"slack"|"standard-webhooks"
hooks.mappings[].signature.secret: string
hooks.mappings[].signature.toleranceSeconds: integer (1..3600)
models.providers.<id>.timeoutSeconds: integer (1..)
models.providers.<id>.models[].id: string (required)
models.providers.<id>.models[].contextWindow: number (1..)
models.providers.<id>.models[].maxTokens: number (1..)
logging.maxFileBytes: integer (1..)
secrets.providers.<id>.source: "env"|"file"|"exec"|"store"
secrets.providers.<id>.command: string
secrets.providers.<id>.args: string[]
secrets.providers.<id>.env: map
secrets.providers.<id>.env.<id>: string
secrets.providers.<id>.passEnv: string[]
secrets.providers.<id>.maxOutputBytes: integer (1..)
secrets.providers.<id>.jsonOnly: boolean
`;

/** Every name that may stand at the root of a configuration file. One without lines above takes any value. */
export const namespaces: readonly string[] = (
  '$schema meta env wizard diagnostics logging update telemetry browser ui secrets auth accessGroups acp models nodeHost ' +
  'agents worktreeRoot worktreeAcceleration tools security bindings broadcast attachments messages tts commands approvals ' +
  'session cron transcripts hooks channels discovery talk gateway cloudWorkers desktop memory mcp skills plugins surfaces proxy'
).split(' ');
