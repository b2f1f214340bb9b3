"""N resources in equal parts of five kinds, as a manifest and as HCL."""

from __future__ import annotations

from pathlib import Path

TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
    '"Principal": {"Service": "lambda.amazonaws.com"}}]}'
)
HCL = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  default_tags { tags = { Environment = "dev" } }
}
variable "n" { type = number }
resource "aws_sqs_queue" "q" {
  count = var.n
  name  = "bench-q-${count.index}"
}
resource "aws_sns_topic" "t" {
  count = var.n
  name  = "bench-t-${count.index}"
}
resource "aws_cloudwatch_log_group" "l" {
  count             = var.n
  name              = "/bench/l-${count.index}"
  retention_in_days = 7
}
resource "aws_ssm_parameter" "p" {
  count = var.n
  name  = "/bench/p-${count.index}"
  type  = "String"
  value = "v${count.index}"
}
resource "aws_iam_role" "r" {
  count              = var.n
  name               = "bench-r-${count.index}"
  assume_role_policy = jsonencode(%s)
}
""" % TRUST.replace('":', '" =')  # noqa: UP031  braces belong to HCL


def manifest(folder: Path, count: int) -> Path:
    """A stack called `bench` of so many resources."""
    lines = ["stack: bench", "tags: {Environment: dev}", "resources:"]
    for n in range(count // 5):
        lines += [
            f"  q{n}: {{kind: sqs.queue, queue_name: bench-q-{n}}}",
            f"  t{n}: {{kind: sns.topic, name: bench-t-{n}}}",
            f"  l{n}: {{kind: logs.log_group, log_group_name: /bench/l-{n}, retention_in_days: 7}}",
            f"  p{n}: {{kind: ssm.parameter, name: /bench/p-{n}, type: String, value: v{n}}}",
        ]
        lines += [
            f"  r{n}:",
            f"    {{kind: iam.role, role_name: bench-r-{n}, assume_role_policy: {TRUST}}}",
        ]
    path = folder / "bench.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def hcl(folder: Path) -> Path:
    """The same for Terraform; `-var n=COUNT/5`."""
    folder.mkdir()
    (folder / "main.tf").write_text(HCL)
    return folder
