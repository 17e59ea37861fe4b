/** The flow's id out of the name that a call carries, which has the version behind it: `bicycle-shop@3` → `bicycle-shop`. */
export const flowId = (flow: string): string => flow.split(/[@ ]/, 1)[0] ?? flow
