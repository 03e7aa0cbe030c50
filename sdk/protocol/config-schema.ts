import { z } from 'zod';
import { shape } from './shape.ts';

/** How a key is shown to people. */
export interface ConfigHint {
  label?: string | undefined;
  help?: string | undefined;
  tags?: string[] | undefined;
  /** True for what most people never set. */
  advanced?: boolean | undefined;
  /** True for a secret. */
  sensitive?: boolean | undefined;
}

/** What a key below another one is. */
export interface ConfigSchemaChild {
  key: string;
  path: string;
  type?: string | string[] | undefined;
  required: boolean;
  hasChildren: boolean;
  reloadKind?: 'restart' | 'hot' | 'none' | undefined;
  hint?: ConfigHint | undefined;
  hintPath?: string | undefined;
}

/** One key of the configuration: what it may be, and what is below it. */
export interface ConfigSchemaNode {
  /** As the schema spells it, `*` for a name of the user's choice. */
  path: string;
  /** JSON Schema of this key alone. */
  schema: unknown;
  /** What a change takes. */
  reloadKind?: 'restart' | 'hot' | 'none' | undefined;
  hint?: ConfigHint | undefined;
  hintPath?: string | undefined;
  children: ConfigSchemaChild[];
}

export const ConfigHint = shape<ConfigHint>()(
  z.object({
    label: z.string().optional(),
    help: z.string().optional(),
    tags: z.array(z.string()).optional(),
    advanced: z.boolean().optional(),
    sensitive: z.boolean().optional(),
  }),
);

const reloadKind = z.enum(['restart', 'hot', 'none']);

export const ConfigSchemaNode = shape<ConfigSchemaNode>()(
  z.object({
    path: z.string(),
    schema: z.unknown(),
    reloadKind: reloadKind.optional(),
    hint: ConfigHint.optional(),
    hintPath: z.string().optional(),
    children: z.array(
      shape<ConfigSchemaChild>()(
        z.object({
          key: z.string(),
          path: z.string(),
          type: z.union([z.string(), z.array(z.string())]).optional(),
          required: z.boolean(),
          hasChildren: z.boolean(),
          reloadKind: reloadKind.optional(),
          hint: ConfigHint.optional(),
          hintPath: z.string().optional(),
        }),
      ),
    ),
  }),
);
