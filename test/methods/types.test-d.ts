// Checked by `npm run types`: every line below an expectation is an error that must stay one.
import { z } from 'zod';
import { agents } from '../../sdk/protocol/agents.ts';
import type { Publish } from '../../sdk/protocol/events.ts';
import { health } from '../../sdk/protocol/health.ts';
import { logs } from '../../sdk/protocol/logs.ts';
import { models } from '../../sdk/protocol/models.ts';
import { shape } from '../../sdk/protocol/shape.ts';
import { implement, implementOne } from '../../server/methods/implement.ts';

// @ts-expect-error a namespace without its handler
implement(models, {});

// @ts-expect-error a handler that the contract does not declare
implement(models, { list: () => ({ models: [] }), delete: () => ({ ok: true }) });

implement(models, {
  // @ts-expect-error a row without its provider
  list: () => ({ models: [{ id: 'x', name: 'X' }] }),
});

implement(agents, {
  // @ts-expect-error an answer that is not the declared one
  list: () => 'none',
});

implement(logs, {
  tail: ({ input }) => {
    // Defaults are filled in: the limit is there.
    const limit: number = input.limit;
    // @ts-expect-error the input has no such field
    input.lines;
    return { file: 'x', cursor: limit, size: 0, lines: [] };
  },
});

// @ts-expect-error a snapshot without its members
implementOne(health, () => ({ ok: true }));

declare const publish: Publish;
publish('tick', { ts: 1 });
// @ts-expect-error a payload of another event
publish('tick', { reason: 'stop' });
// @ts-expect-error an event that the contract does not declare
publish('tock', { ts: 1 });

interface Noun {
  name: string;
  label?: string | undefined;
}
shape<Noun>()(z.object({ name: z.string(), label: z.string().optional() }));
// @ts-expect-error an optional field that the schema forgot
shape<Noun>()(z.object({ name: z.string() }));
// @ts-expect-error a field that the interface does not have
shape<Noun>()(z.object({ name: z.string(), label: z.string().optional(), extra: z.string() }));
// @ts-expect-error optional is not required
shape<Noun>()(z.object({ name: z.string(), label: z.string() }));
