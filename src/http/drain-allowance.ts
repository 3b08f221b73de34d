/** How many calls may be read on at once after their clients left. */
export interface DrainAllowance {
  /** @returns the way to give it back (acts once), or undefined when none is left. */
  take(): (() => void) | undefined;
}

export function createDrainAllowance(most: number): DrainAllowance {
  let taken = 0;
  return {
    take() {
      if (taken >= most) return undefined;
      taken += 1;
      let held = true;
      return () => {
        if (held) taken -= 1;
        held = false;
      };
    },
  };
}
