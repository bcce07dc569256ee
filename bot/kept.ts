/** Answers that are used for a while before they are asked for again, a set of them for each owner. */
export interface Kept<T> {
  /** The answer that is kept, else a new one. Those who ask at the same time share one asking; a failure is not kept. */
  get(owner: object, key: string, ask: () => Promise<T>): Promise<T>
  /** The answer that is kept, which is forgotten by this. */
  take(owner: object, key: string): Promise<T> | undefined
}

/** @param ms how old an answer may get */
export function createKept<T>(ms: number): Kept<T> {
  const owners = new WeakMap<object, Map<string, Promise<T>>>()
  return {
    get(owner, key, ask) {
      const answers = owners.get(owner) ?? new Map<string, Promise<T>>()
      owners.set(owner, answers)
      const known = answers.get(key)
      if (known !== undefined) return known
      const answer = ask()
      const forget = (): void => {
        if (answers.get(key) === answer) answers.delete(key)
      }
      answers.set(key, answer)
      setTimeout(forget, ms).unref()
      answer.catch(forget)
      return answer
    },
    take(owner, key) {
      const answers = owners.get(owner)
      const answer = answers?.get(key)
      answers?.delete(key)
      return answer
    },
  }
}
