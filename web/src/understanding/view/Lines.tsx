/** A list of lines to read and to edit: one by one, or many pasted at once; what repeats or contradicts is told as it is typed. */
import { Button, Checkbox, Input, Modal, type InputRef } from 'antd'
import { ClipboardPaste, CornerDownLeft, TriangleAlert, X } from 'lucide-react'
import { useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import type { TrainingLine } from '../../api/types'
import { listed } from '../../lib/format'
import { useLanguage } from '../../lib/hooks'
import { intentPath, useUnderstood } from '../context'
import { keyOf, languageOf, LONGEST_LINE, places, reworded, sort, type Sorted } from '../lines'

/** More are drawn when asked for. */
const SHOWN = 200

/** Where each line stands, in the intents and out of scope. */
function usePlaces(): Map<string, string[]> {
  const { work } = useUnderstood().intents
  return useMemo(() => places([...(work?.intents ?? []), { name: '', examples: work?.out_of_scope ?? [] }]), [work])
}

/** What became of pasted or typed lines, in a few words. */
function Verdict({ sorted }: { sorted: Sorted }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const { nameOf } = useUnderstood()
  const { fresh, repeated, elsewhere, long } = sorted
  return (
    <ul className="u-verdict" aria-live="polite">
      {fresh.length > 0 && <li className="u-good">{t('understanding.fresh', { count: fresh.length })}</li>}
      {repeated.length > 0 && (
        <li className="soft" title={repeated.join('\n')}>
          {t('understanding.repeated', { count: repeated.length })}
        </li>
      )}
      {elsewhere.slice(0, 5).map(({ text, intents }) => (
        <li key={text} className="u-warn">
          {t('understanding.elsewhere', { text, intents: listed(intents.map(nameOf), language) })}
        </li>
      ))}
      {elsewhere.length > 5 && <li className="u-warn">{t('understanding.elsewhere_more', { count: elsewhere.length - 5 })}</li>}
      {long.length > 0 && <li className="u-warn">{t('understanding.too_long', { count: long.length, most: LONGEST_LINE })}</li>}
    </ul>
  )
}

interface PasteProps {
  own: string
  begin: string
  lines: readonly TrainingLine[]
  add: (texts: string[]) => void
  close: () => void
}

function Paste({ own, begin, lines, add, close }: PasteProps) {
  const { t } = useTranslation()
  const elsewhere = usePlaces()
  const [pasted, setPasted] = useState(begin)
  const [also, setAlso] = useState(false)
  const sorted = useMemo(() => sort(pasted, lines, elsewhere, own), [pasted, lines, elsewhere, own])
  const wanted = also ? [...sorted.fresh, ...sorted.elsewhere.map(({ text }) => text)] : sorted.fresh
  return (
    <Modal
      open
      width={620}
      title={t('understanding.paste')}
      okText={t('understanding.add_lines', { count: wanted.length })}
      cancelText={t('app.cancel')}
      okButtonProps={{ disabled: wanted.length === 0 }}
      onOk={() => {
        add(wanted)
        close()
      }}
      onCancel={close}
    >
      <div className="u-form">
        <Input.TextArea
          autoFocus
          value={pasted}
          autoSize={{ minRows: 7, maxRows: 16 }}
          placeholder={t('understanding.paste_help')}
          aria-label={t('understanding.paste_help')}
          onChange={(event) => setPasted(event.target.value)}
        />
        <Verdict sorted={sorted} />
        {sorted.elsewhere.length > 0 && (
          <Checkbox checked={also} onChange={(event) => setAlso(event.target.checked)}>
            {t('understanding.add_also', { count: sorted.elsewhere.length })}
          </Checkbox>
        )}
      </div>
    </Modal>
  )
}

interface LineProps {
  line: TrainingLine
  others: string[]
  twice: boolean
  change: (line: TrainingLine | null) => void
}

function Line({ line, others, twice, change }: LineProps) {
  const { t } = useTranslation()
  const { admin, nameOf } = useUnderstood()
  const language = languageOf(line)
  const wrong = others.length > 0 || twice
  return (
    <li className={wrong ? 'u-line u-line-wrong' : 'u-line'}>
      <button
        type="button"
        className="u-lang"
        disabled={!admin}
        title={t(admin ? 'understanding.lang_switch' : `spoken.${language}`)}
        aria-label={`${t(`spoken.${language}`)}: ${line.text}`}
        onClick={() => change({ ...line, lang: language === 'en' ? 'zh-CN' : 'en' })}
      >
        {t(`understanding.short_${language}`)}
      </button>
      <input
        lang={language}
        value={line.text}
        readOnly={!admin}
        maxLength={LONGEST_LINE}
        aria-label={t('understanding.example')}
        onChange={(event) => change(reworded(line, event.target.value))}
        onBlur={() => line.text.trim() === '' && change(null)}
      />
      {wrong && (
        <span className="u-line-why">
          <TriangleAlert size={13} aria-hidden />
          {twice && <span>{t('understanding.twice')}</span>}
          {others.map((name) => (
            <Link key={name} to={intentPath(name)}>
              {t('understanding.also_in', { intent: nameOf(name) })}
            </Link>
          ))}
        </span>
      )}
      {admin && (
        <Button type="text" size="small" icon={<X size={14} />} aria-label={`${t('understanding.remove_line')}: ${line.text}`} onClick={() => change(null)} />
      )}
    </li>
  )
}

interface Props {
  /** The intent; `''` when the lines mean none. */
  own: string
  lines: readonly TrainingLine[]
  change: (lines: TrainingLine[]) => void
}

export function Lines({ own, lines, change }: Props) {
  const { t } = useTranslation()
  const { admin } = useUnderstood()
  const elsewhere = usePlaces()
  const [typed, setTyped] = useState('')
  const [pasting, setPasting] = useState<string | null>(null)
  const [most, setMost] = useState(SHOWN)
  const list = useRef<HTMLUListElement>(null)
  const box = useRef<InputRef>(null)
  const sorted = useMemo(() => sort(typed, lines, elsewhere, own), [typed, lines, elsewhere, own])
  const counts = useMemo(() => {
    const found = new Map<string, number>()
    for (const { text } of lines) found.set(keyOf(text), (found.get(keyOf(text)) ?? 0) + 1)
    return found
  }, [lines])

  const add = (texts: readonly string[]) => change([...texts.map((text) => ({ text })), ...lines])
  const addTyped = () => {
    const texts = [...sorted.fresh, ...sorted.elsewhere.map(({ text }) => text)]
    if (texts.length === 0) return
    add(texts)
    setTyped('')
  }
  const field = (index: number) => list.current?.querySelectorAll<HTMLInputElement>('.u-line > input')[index]
  const set = (index: number, line: TrainingLine | null) => {
    change(line ? lines.map((other, at) => (at === index ? line : other)) : lines.filter((_, at) => at !== index))
    if (!line && document.activeElement !== document.body) requestAnimationFrame(() => (field(Math.min(index, lines.length - 2)) ?? box.current)?.focus())
  }
  const walk = (event: KeyboardEvent<HTMLUListElement>) => {
    const step = event.key === 'ArrowDown' || event.key === 'Enter' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const fields = [...(list.current?.querySelectorAll<HTMLInputElement>('.u-line > input') ?? [])]
    const at = fields.indexOf(event.target as HTMLInputElement)
    if (step === 0 || at === -1 || event.nativeEvent.isComposing) return
    event.preventDefault()
    if (at + step < 0) box.current?.focus()
    else fields[at + step]?.focus()
  }

  return (
    <div className="u-lines">
      {admin && (
        <div className="u-add">
          <Input
            ref={box}
            value={typed}
            maxLength={LONGEST_LINE}
            placeholder={t('understanding.add_help')}
            aria-label={t('understanding.add')}
            suffix={<CornerDownLeft size={13} aria-hidden className="muted" />}
            onChange={(event) => setTyped(event.target.value)}
            onPressEnter={(event) => {
              if (!event.nativeEvent.isComposing) addTyped()
            }}
            onPaste={(event) => {
              const text = event.clipboardData.getData('text')
              if (!/[\n\r]./.test(text.trim())) return
              event.preventDefault()
              setPasting(text)
            }}
          />
          <Button icon={<ClipboardPaste size={15} />} onClick={() => setPasting('')}>
            {t('understanding.paste')}
          </Button>
        </div>
      )}
      {(sorted.repeated.length > 0 || sorted.elsewhere.length > 0) && <Verdict sorted={{ ...sorted, fresh: [] }} />}
      {lines.length === 0 && <p className="muted u-none">{t(own === '' ? 'understanding.no_lines' : 'understanding.no_examples')}</p>}
      <ul ref={list} onKeyDown={walk}>
        {lines.slice(0, most).map((line, index) => (
          <Line
            // The place is what stays while the words change.
            key={index}
            line={line}
            twice={keyOf(line.text) !== '' && (counts.get(keyOf(line.text)) ?? 0) > 1}
            others={elsewhere.get(keyOf(line.text))?.filter((name) => name !== own) ?? []}
            change={(changed) => set(index, changed)}
          />
        ))}
      </ul>
      {lines.length > most && (
        <Button type="text" onClick={() => setMost(Infinity)}>
          {t('understanding.show_all', { count: lines.length })}
        </Button>
      )}
      {pasting !== null && <Paste own={own} begin={pasting} lines={lines} add={add} close={() => setPasting(null)} />}
    </div>
  )
}
