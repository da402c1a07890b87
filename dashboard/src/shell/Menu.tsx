import { ActionIcon, Modal, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { sessionQuery, signOut } from "../api/session.ts";
import { ErrorNotice } from "../lib/ErrorNotice.tsx";
import { AgentsIcon, CallsIcon, DarkIcon, KeysIcon, LightIcon, ReferenceIcon, SignOutIcon } from "../lib/icons.tsx";
import { strings } from "../strings/index.ts";
import { Logo } from "./Logo.tsx";
import classes from "./Menu.module.css";

/** The pages, and below them who is signed in. */
export function Menu({ showKeys }: { showKeys: () => void }) {
  const { data: session } = useSuspenseQuery(sessionQuery);
  return (
    <aside className={classes.menu} aria-label={strings.product}>
      <Link to="/calls" className={classes.home}>
        <Logo size={25} />
        <span className={classes.wide}>{strings.product}</span>
      </Link>
      <nav aria-label={strings.menu.label} className={classes.pages}>
        <Link to="/calls" className={classes.item} activeProps={{ "data-active": true }}>
          <CallsIcon size={16} aria-hidden />
          {strings.menu.calls}
        </Link>
        <Link to="/agents" className={classes.item} activeProps={{ "data-active": true }}>
          <AgentsIcon size={16} aria-hidden />
          {strings.menu.agents}
        </Link>
        <a href="/docs" className={classes.item}>
          <ReferenceIcon size={16} aria-hidden />
          <span className={classes.wide}>{strings.menu.reference}</span>
        </a>
      </nav>
      <div className={classes.foot}>
        <div className={classes.who}>
          <strong>{session?.account.name}</strong>
          <span>{session && strings.menu.rights(session.key.role, session.key.scope)}</span>
        </div>
        <FootButton label={strings.menu.keys} onClick={showKeys}>
          <KeysIcon size={16} />
        </FootButton>
        <SchemeButton />
        <SignOutButton />
      </div>
    </aside>
  );
}

function FootButton({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light", { getInitialValueInEffect: false }) === "dark";
  return (
    <FootButton
      label={dark ? strings.menu.light : strings.menu.dark}
      onClick={() => setColorScheme(dark ? "light" : "dark")}
    >
      {dark ? <LightIcon size={16} /> : <DarkIcon size={16} />}
    </FootButton>
  );
}

function SignOutButton() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leaving = useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      queries.clear();
      await navigate({ to: "/sign-in", search: {} });
    },
  });
  return (
    <>
      <FootButton label={strings.menu.signOut} onClick={() => leaving.mutate()}>
        <SignOutIcon size={16} />
      </FootButton>
      <Modal
        opened={leaving.isError}
        onClose={leaving.reset}
        title={strings.menu.signOut}
        closeButtonProps={{ "aria-label": strings.words.close }}
      >
        {leaving.isError && <ErrorNotice error={leaving.error} again={() => leaving.mutate()} />}
      </Modal>
    </>
  );
}
