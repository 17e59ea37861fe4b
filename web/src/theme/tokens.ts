/**
 * Every colour, size and radius of the console, once: Ant Design's theme and the CSS variables of our own style sheets
 * both come from here. One accent; status colours only where something has a status.
 */
import { theme as antd, type ThemeConfig } from 'antd'

export type Mode = 'light' | 'dark'

const light = {
  ground: '#f7f7f8',
  surface: '#ffffff',
  raised: '#ffffff',
  sunken: '#f1f1f4',
  hover: '#f3f3f6',
  line: '#e6e6ea',
  'line-strong': '#d3d3da',
  ink: '#1b1b22',
  'ink-2': '#53535f',
  'ink-3': '#6d6d7a',
  accent: '#5753c6',
  'accent-wave': '#b3b0ee',
  'accent-ink': '#4a46b3',
  'accent-soft': '#ecebfb',
  'accent-line': '#c9c6f3',
  'on-accent': '#ffffff',
  way: '#b4b4c0',
  caller: '#3f4657',
  'caller-soft': '#b3b8c6',
  agent: '#0b6f6a',
  'agent-soft': '#e0f3f1',
  good: '#1a7a45',
  'good-soft': '#e3f4ea',
  warn: '#955700',
  'warn-soft': '#fcf1dc',
  bad: '#bf2f2f',
  'bad-soft': '#fdebea',
  'stage-1': '#a7a4ec',
  'stage-2': '#7d79dd',
  'stage-3': '#e0a83f',
  'stage-4': '#2d9c8f',
  'stage-5': '#c9c9d2',
  shadow: '0 1px 2px rgb(20 20 40 / 5%), 0 4px 16px rgb(20 20 40 / 4%)',
}

const dark: typeof light = {
  ground: '#101013',
  surface: '#17171b',
  raised: '#1e1e23',
  sunken: '#131316',
  hover: '#212127',
  line: '#2a2a31',
  'line-strong': '#3c3c46',
  ink: '#ededf1',
  'ink-2': '#b4b4c0',
  'ink-3': '#9393a1',
  accent: '#7f7be8',
  'accent-wave': '#4b4894',
  'accent-ink': '#b3b0fb',
  'accent-soft': '#26254a',
  'accent-line': '#454289',
  'on-accent': '#0e0d24',
  way: '#4d4d59',
  caller: '#b9c0d0',
  'caller-soft': '#565c6b',
  agent: '#4fc7bd',
  'agent-soft': '#12302e',
  good: '#5cc98c',
  'good-soft': '#14301f',
  warn: '#e5b04f',
  'warn-soft': '#352811',
  bad: '#f28482',
  'bad-soft': '#3a1b1c',
  'stage-1': '#5a57ad',
  'stage-2': '#8f8bf0',
  'stage-3': '#d9a441',
  'stage-4': '#3aa99b',
  'stage-5': '#4a4a55',
  shadow: '0 1px 2px rgb(0 0 0 / 30%), 0 6px 20px rgb(0 0 0 / 25%)',
}

export type ColourName = keyof typeof light
const palettes: Record<Mode, typeof light> = { light, dark }

const FONT =
  "'Inter Variable', ui-sans-serif, system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"
const MONO = "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', monospace"

export const colour = (mode: Mode, name: ColourName): string => palettes[mode][name]

/** Writes the palette onto the page as `--ink`, `--accent`, …; through the object model, which the CSP allows. */
export function paint(mode: Mode): void {
  const root = document.documentElement
  for (const [name, value] of Object.entries(palettes[mode])) root.style.setProperty(`--${name}`, value)
  root.style.setProperty('--font', FONT)
  root.style.setProperty('--mono', MONO)
  root.style.colorScheme = mode
  root.dataset.mode = mode
}

export function antdTheme(mode: Mode): ThemeConfig {
  const c = palettes[mode]
  return {
    algorithm: mode === 'dark' ? antd.darkAlgorithm : antd.defaultAlgorithm,
    cssVar: { key: `hotline-${mode}` },
    token: {
      colorPrimary: c.accent,
      colorInfo: c.accent,
      colorLink: c['accent-ink'],
      colorSuccess: c.good,
      colorWarning: c.warn,
      colorError: c.bad,
      colorBgBase: c.surface,
      colorBgContainer: c.surface,
      colorBgElevated: c.raised,
      colorBgLayout: c.ground,
      colorText: c.ink,
      colorTextSecondary: c['ink-2'],
      colorTextTertiary: c['ink-3'],
      colorTextPlaceholder: c['ink-3'],
      colorTextLightSolid: c['on-accent'],
      colorBorder: c['line-strong'],
      colorBorderSecondary: c.line,
      colorSplit: c.line,
      fontFamily: FONT,
      fontFamilyCode: MONO,
      fontSize: 14,
      borderRadius: 7,
      borderRadiusSM: 5,
      borderRadiusLG: 10,
      controlHeight: 32,
      lineWidthFocus: 2,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.16s',
      wireframe: false,
    },
    components: {
      Button: {
        primaryShadow: 'none',
        defaultShadow: 'none',
        fontWeight: 500,
        // The dark algorithm dims the accent until dark text on it is hard to read.
        colorPrimary: c.accent,
        colorPrimaryHover: c['accent-ink'],
        colorPrimaryActive: c['accent-ink'],
      },
      Tabs: {
        itemSelectedColor: c['accent-ink'],
        itemHoverColor: c['accent-ink'],
        inkBarColor: c.accent,
        horizontalItemPadding: '9px 0',
        horizontalMargin: '0',
        titleFontSize: 13.5,
      },
      Segmented: { trackBg: c.sunken, itemSelectedBg: c.raised },
      Tooltip: { colorBgSpotlight: mode === 'dark' ? '#33333c' : '#26262e', colorTextLightSolid: '#ffffff' },
    },
  }
}
