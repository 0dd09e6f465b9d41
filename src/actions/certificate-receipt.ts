import type { CertificateBody } from '../domain/certificate-form.ts'

/** The receipt with the verdict and findings of each unit and what was decided; null: this service records none yet. */
export async function certifiedReceipt(): Promise<CertificateBody['receipt']> {
  return null
}
