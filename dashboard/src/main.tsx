import "@fontsource-variable/inter";
import "@mantine/core/styles.layer.css";
import "./global.css";
import { MantineProvider } from "@mantine/core";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { isWorthRetrying } from "./api/client.ts";
import { isSignedOut, sessionQuery } from "./api/session.ts";
import { createAppRouter } from "./router.tsx";
import { theme } from "./theme.ts";

// The policy of the page lets only styles with this nonce in. The second line is for the scroll lock of dialogs.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
Object.assign(globalThis, { __webpack_nonce__: nonce });

// A session can end in the middle of work: then the shell asks to sign in again over the page, so that no draft is lost.
const onError = (error: unknown) => {
  if (isSignedOut(error)) void queries.invalidateQueries(sessionQuery);
};
const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: { queries: { retry: isWorthRetrying, refetchOnWindowFocus: false } },
});
const router = createAppRouter(queries);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
