/** A prompt as it can be said before a call has filled it in: values are called by their names. */
export const spoken = (text: string): string =>
  text
    .replaceAll(/\{%.*?%\}/gs, '')
    .replaceAll(/\{\{\s*([\w.]*).*?\}\}/gs, (_all, path: string) => (path.split('.').at(-1) ?? '').replaceAll('_', ' '))
    .trim()
