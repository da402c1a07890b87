import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  parseSearchWith,
  redirect,
  stringifySearchWith,
} from "@tanstack/react-router";
import { beginCall } from "./api/call.ts";
import { sessionQuery } from "./api/session.ts";
import { agentSearch, agentsSearch, callSearch, callsSearch, signInSearch } from "./search.ts";
import { NotFoundPage, PageError } from "./shell/ErrorPages.tsx";
import { Shell } from "./shell/Shell.tsx";

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
  errorComponent: PageError,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: signInSearch,
  component: lazyRouteComponent(() => import("./pages/sign-in/SignInPage.tsx"), "SignInPage"),
});

/** Everything behind the sign-in. */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (!session) throw redirect({ to: "/sign-in", search: { to: location.href }, replace: true });
  },
});

const index = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/calls", replace: true });
  },
});

const calls = createRoute({
  getParentRoute: () => shell,
  path: "/calls",
  validateSearch: callsSearch,
  component: lazyRouteComponent(() => import("./pages/calls/CallsPage.tsx"), "CallsPage"),
});

const call = createRoute({
  getParentRoute: () => shell,
  path: "/calls/$id",
  validateSearch: callSearch,
  loaderDeps: ({ search: { attempt } }) => ({ attempt }),
  // Nothing waits for it: what the page asks for is under way while its code comes.
  loader: ({ context: { queries }, params: { id }, deps: { attempt } }) => void beginCall(queries, { id, attempt }),
  component: lazyRouteComponent(() => import("./pages/call/CallPage.tsx"), "CallPage"),
});

const agents = createRoute({
  getParentRoute: () => shell,
  path: "/agents",
  validateSearch: agentsSearch,
  component: lazyRouteComponent(() => import("./pages/agents/AgentsPage.tsx"), "AgentsPage"),
});

const agent = createRoute({
  getParentRoute: () => shell,
  path: "/agents/$id",
  validateSearch: agentSearch,
  component: lazyRouteComponent(() => import("./pages/agent/AgentPage.tsx"), "AgentPage"),
});

const tree = root.addChildren([signIn, shell.addChildren([index, calls, call, agents, agent])]);

/** Only lists and objects are JSON in an address: a number to call stays as a person would write it. */
const parseSearch = parseSearchWith((text) => (/^[[{]/.test(text) ? JSON.parse(text) : text));
const stringifySearch = stringifySearchWith(JSON.stringify);

/** The pages by their addresses. */
export function createAppRouter(queries: QueryClient) {
  const router = createRouter({
    routeTree: tree,
    basepath: "/dashboard",
    context: { queries },
    parseSearch,
    stringifySearch,
    defaultPreload: "intent",
    defaultErrorComponent: PageError,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
  });
  // The code of the first page comes while the server is asked who is signed in.
  void queries.prefetchQuery(sessionQuery);
  const pages: Record<string, { options: { component?: { preload?: () => unknown } } }> = router.routesById;
  for (const { routeId } of router.matchRoutes(router.latestLocation)) {
    void pages[routeId]?.options.component?.preload?.();
  }
  return router;
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
