/** One block in full: what it is, its fields with their help, its prompts in every language, where its edges lead. */
import { useTranslation } from 'react-i18next'
import { words } from '../lib/format'
import { useLanguage } from '../lib/hooks'
import { BlockIcon } from './BlockIcon'
import type { Block, BlockSpec, FieldSpec, Texts } from './document'

const languageNames: Record<string, string> = { en: 'English', 'zh-CN': '中文' }

function TextsView({ texts }: { texts: Texts }) {
  return (
    <ul className="texts">
      {Object.entries(texts).map(([language, text]) => (
        <li key={language} lang={language}>
          <span className="muted">{languageNames[language] ?? language}</span>
          <p>{Array.isArray(text) ? (text as string[]).join(' · ') : text}</p>
        </li>
      ))}
    </ul>
  )
}

/** A text per language, also in a field that the registry does not know. */
const isTexts = (value: unknown): value is Texts =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0 && Object.keys(value).every((key) => key in languageNames)

function Value({ spec, value }: { spec: FieldSpec | undefined; value: unknown }) {
  const { t } = useTranslation()
  const kind = spec?.type.kind
  if ((kind === 'texts' || kind === 'phrases' || isTexts(value)) && typeof value === 'object' && value !== null) return <TextsView texts={value as Texts} />
  if (kind === 'texts_list' && Array.isArray(value)) {
    return (
      <ol className="texts-list">
        {(value as Texts[]).map((texts, index) => (
          <li key={index}>
            <TextsView texts={texts} />
          </li>
        ))}
      </ol>
    )
  }
  if (kind === 'rows' && Array.isArray(value)) {
    return (
      <ol className="texts-list">
        {(value as Record<string, unknown>[]).map((row, index) => (
          <li key={index} className="block-row">
            {Object.entries(row).map(([name, cell]) => (
              <div key={name}>
                <span className="muted mono">{name}</span>
                <Value spec={spec?.type.columns?.find((column) => column.name === name)} value={cell} />
              </div>
            ))}
          </li>
        ))}
      </ol>
    )
  }
  if (kind === 'key') return <kbd>{String(value)}</kbd>
  if (typeof value === 'boolean') return <>{t(value ? 'app.yes' : 'app.no')}</>
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return (
      <span className="row tags">
        {value.map((item) => (
          <span key={item} className="tag">
            {item}
          </span>
        ))}
      </span>
    )
  }
  if (typeof value === 'string') return <span className={kind === 'choice' || kind === 'queue' ? undefined : 'mono code'}>{value}</span>
  return <span className="mono code">{typeof value === 'number' ? String(value) : JSON.stringify(value, null, 1)}</span>
}

interface Props {
  block: Block
  spec: BlockSpec | undefined
  start: boolean
  go: (block: string) => void
}

export function Inspector({ block, spec, start, go }: Props) {
  const { t } = useTranslation()
  const zh = useLanguage() === 'zh-CN'
  const help = (item: { help_en: string; help_zh: string } | undefined) => (item ? (zh ? item.help_zh : item.help_en) : undefined)
  const set = Object.entries(block.params)
  const defaults = spec?.fields.filter((field) => !(field.name in block.params) && field.default != null) ?? []
  return (
    <div className="inspector">
      <header>
        <BlockIcon kind={block.type} category={spec?.category} />
        <div className="spread">
          <h2>{words(block.id)}</h2>
          <p className="muted">
            {spec ? (zh ? spec.title_zh : spec.title_en) : words(block.type)}
            {start && ` · ${t('flow.start')}`}
          </p>
        </div>
      </header>
      {spec && <p className="soft">{help(spec)}</p>}
      <section>
        {set.map(([name, value]) => {
          const field = spec?.fields.find((candidate) => candidate.name === name)
          return (
            <div key={name} className="field">
              <h3>{words(name)}</h3>
              <Value spec={field} value={value} />
              {field && <p className="field-help">{help(field)}</p>}
            </div>
          )
        })}
        {defaults.length > 0 && (
          <details className="field">
            <summary>{t('flow.defaults', { count: defaults.length })}</summary>
            <dl className="defaults">
              {defaults.map((field) => (
                <div key={field.name} title={help(field)}>
                  <dt>{words(field.name)}</dt>
                  <dd className="mono">{field.default === '[]' || field.default === '{}' || field.default === '""' ? '—' : field.default}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </section>
      <section>
        <h3>{t('flow.edges')}</h3>
        {Object.keys(block.edges).length === 0 && <p className="muted">{t('flow.no_edges')}</p>}
        <ul className="edges">
          {Object.entries(block.edges).map(([edge, to]) => (
            <li key={edge}>
              <span className="tag mono">{edge}</span>
              <button type="button" className="link" onClick={() => go(to)}>
                {words(to)}
              </button>
              <p className="field-help">{help(spec?.edges.find((candidate) => candidate.name === edge))}</p>
            </li>
          ))}
        </ul>
      </section>
    </div>
  )
}
