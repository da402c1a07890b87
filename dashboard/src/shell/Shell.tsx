import { Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { useKeys } from "../lib/keys.ts";
import { strings } from "../strings/index.ts";
import { Help } from "./Help.tsx";
import { Menu } from "./Menu.tsx";
import classes from "./Shell.module.css";
import { SignInAgain } from "./SignInAgain.tsx";

/** The menu on the left and the page beside it. */
export function Shell() {
  const [help, setHelp] = useState(false);
  useKeys({ "?": () => setHelp((open) => !open) });
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#page">
        {strings.menu.skip}
      </a>
      <Menu showKeys={() => setHelp(true)} />
      <main id="page" className={classes.page} tabIndex={-1}>
        <Outlet />
      </main>
      <Help opened={help} close={() => setHelp(false)} />
      <SignInAgain />
    </div>
  );
}
