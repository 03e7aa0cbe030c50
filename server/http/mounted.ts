import type { H3 } from 'h3';
import type { Route } from './route.ts';

/** A path that is answered. */
export interface MountedRoute {
  /** In h3's spelling: `**` stands for the rest of a path. */
  path: string;
  /** In the order in which `Allow` names them. */
  methods: readonly string[];
}

/** Every path that is answered by more than 404, for the OpenAPI document and what holds it against the routes. */
export function mountedRoutes(app: Pick<H3, '~routes'>): MountedRoute[] {
  return app['~routes'].flatMap(({ route: path, handler }) => {
    const { methods = [] } = handler as Partial<Route>;
    return path && methods.length > 0 ? [{ path, methods }] : [];
  });
}
