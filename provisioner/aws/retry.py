"""The one table of what is tried again, for how long, and why.

botocore's own retries are off (`total_max_attempts=1`): it would send a create again after a lost
answer, and its waits can't be seen or stopped. What is tried again stands here:

- throttling: always, until the budget ends; the call was refused before any work;
- 5xx answers and broken connections: for calls that are safe to repeat. Any other call whose answer
  was lost raises `AnswerLostError` instead, and is settled by looking at what AWS has;
- `RULES`: what AWS answers while something just made is not visible yet, or while another change
  is under way. Each rule is bound to the consuming call, the exact codes, and part of the text.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
)
from botocore.parsers import ResponseParserError
from tenacity import RetryCallState, Retrying, stop_never
from tenacity.wait import wait_base, wait_random_exponential

from provisioner.aws.calls import Call, Delay, Delayed
from provisioner.aws.clock import Clock
from provisioner.aws.failures import code_of, message_of, status_of
from provisioner.errors import AnswerLostError

T = TypeVar("T")

THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "Throttled",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "ProvisionedThroughputExceededException",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
        "KmsThrottlingException",
    }
)
"""Refused for the rate alone. `LimitExceededException` is a quota and is not here."""

BROKEN = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ServiceFailure",
        "KMSInternalException",
        "DependencyTimeoutException",
        "RequestTimeout",
        "RequestTimeoutException",
    }
)
"""AWS failed; whether the work was done is not known."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: on this call, this code (and text) means "not yet"."""

    call: str
    codes: frozenset[str]
    text: str
    seconds: float
    reason: str


def _rule(call: str, codes: str, text: str, seconds: float, reason: str) -> Rule:
    return Rule(call, frozenset(codes.split()), text, seconds, reason)


RULES: tuple[Rule, ...] = (
    _rule("kms.CreateKey", "MalformedPolicyDocumentException", "invalid principals", 120, "IAM principal propagates"),
    _rule("kms.PutKeyPolicy", "MalformedPolicyDocumentException", "invalid principals", 120, "IAM principal propagates"),
    _rule("kms.CreateAlias", "NotFoundException", "", 600, "new key becomes visible"),
    _rule("kms.*", "NotFoundException", "", 120, "new key becomes visible"),
    _rule("ec2.*", "InvalidVpcID.NotFound InvalidSubnetID.NotFound InvalidInternetGatewayID.NotFound InvalidRouteTableID.NotFound InvalidRouteTableId.NotFound InvalidGroup.NotFound InvalidSecurityGroupID.NotFound InvalidAllocationID.NotFound InvalidNatGatewayID.NotFound NatGatewayNotFound InvalidGatewayID.NotFound InvalidNetworkAclID.NotFound InvalidVpcEndpointId.NotFound InvalidVpcEndpoint.NotFound InvalidFlowLogId.NotFound InvalidAddress.NotFound", "", 300, "new id becomes visible"),
    _rule("ec2.AttachInternetGateway", "InvalidInternetGatewayID.NotFound", "", 1200, "new gateway becomes visible"),
    _rule("ec2.RevokeSecurityGroupEgress", "InvalidGroup.NotFound InvalidSecurityGroupID.NotFound", "", 60, "new group is not known yet"),
    _rule("ec2.DescribeSecurityGroups", "InvalidVpcID.NotFound", "", 300, "what it is about is not known yet"),
    _rule("ec2.DescribeNetworkAcls", "InvalidVpcID.NotFound InvalidSubnetID.NotFound", "", 300, "what it is about is not known yet"),
    _rule("ec2.DetachInternetGateway", "DependencyViolation", "", 1200, "public addresses drain"),
    _rule("ec2.DeleteInternetGateway", "DependencyViolation", "", 1200, "public addresses drain"),
    _rule("ec2.CreateRoute", "InvalidParameterValue", "belong to different networks", 300, "gateway is being attached"),
    _rule("ec2.CreateRoute", "InvalidParameterException", "", 300, "route target becomes visible"),
    _rule("ec2.ReleaseAddress", "AuthFailure InvalidIPAddress.InUse", "", 120, "NAT gateway lets the address go"),
    _rule("ec2.CreateVpcEndpoint", "OperationNotPermitted", "another endpoint is being created", 600, "one endpoint at a time"),
    _rule("ec2.ModifyVpcEndpoint", "ConcurrentMutationLimitExceeded", "", 600, "one change at a time"),
    _rule("ec2.CreateFlowLogs", "InvalidParameter", "Unable to assume", 120, "IAM role propagates"),
    _rule("ec2.DeleteSecurityGroup", "DependencyViolation InvalidGroup.InUse", "", 2700, "interfaces leave the group"),
    _rule("ec2.DeleteSubnet", "DependencyViolation", "", 2700, "interfaces leave the subnet"),
    _rule("ec2.DeleteVpc", "DependencyViolation", "", 300, "VPC lags behind its children"),
    _rule("s3.*", "OperationAborted", "", 300, "another change of the bucket"),
    _rule("s3.*", "NoSuchBucket", "", 120, "new bucket becomes visible"),
    _rule("s3.PutBucketPolicy", "MalformedPolicy", "Invalid principal", 120, "IAM principal propagates"),
    _rule("dynamodb.CreateTable", "LimitExceededException", "simultaneously", 1800, "too many tables change at once"),
    _rule("dynamodb.*", "LimitExceededException", "simultaneously", 1200, "too many tables change at once"),
    _rule("dynamodb.*", "ResourceInUseException", "being", 1200, "table is changing"),
    _rule("dynamodb.*", "TransactionConflictException", "", 60, "another transaction on the row"),
    _rule("dynamodb.TransactWriteItems", "TransactionCanceledException", "TransactionConflict", 60, "another transaction on the row"),
    _rule("dynamodb.TransactWriteItems", "TransactionCanceledException", "ThrottlingError", 600, "the table is throttled"),
    _rule("dynamodb.TransactWriteItems", "TransactionCanceledException", "ProvisionedThroughputExceeded", 600, "the table is throttled"),
    _rule("dynamodb.TransactWriteItems", "TransactionInProgressException", "", 60, "the same transaction is in progress"),
    _rule("dynamodb.UpdateContinuousBackups", "ContinuousBackupsUnavailableException", "", 1200, "backups are being enabled"),
    _rule("dynamodb.UpdateContinuousBackups", "ResourceNotFoundException TableNotFoundException", "", 120, "new table becomes visible"),
    _rule("dynamodb.UpdateTimeToLive", "ResourceNotFoundException", "", 120, "new table becomes visible"),
    _rule("dynamodb.TagResource", "ResourceNotFoundException", "", 120, "new table becomes visible"),
    _rule("sns.*", "InvalidParameter", "PrincipalNotFound", 120, "IAM principal propagates"),
    _rule("sns.TagResource", "ConcurrentAccess", "", 60, "another change of the tags"),
    _rule("sns.UntagResource", "ConcurrentAccess", "", 60, "another change of the tags"),
    _rule("sqs.CreateQueue", "AWS.SimpleQueueService.QueueDeletedRecently QueueDeletedRecently", "", 75, "a deleted queue holds its name for 60 s"),
    _rule("sqs.*", "AWS.SimpleQueueService.NonExistentQueue QueueDoesNotExist", "", 60, "new queue becomes visible"),
    _rule("sqs.SetQueueAttributes", "InvalidAttributeValue", "Invalid value for the parameter Policy", 120, "IAM principal propagates"),
    _rule("iam.*", "MalformedPolicyDocument", "Invalid principal", 120, "IAM principal propagates"),
    _rule("iam.*", "NoSuchEntity", "", 120, "new role or policy becomes visible"),
    _rule("iam.*", "ConcurrentModification", "", 120, "another change of the entity"),
    _rule("lambda.*", "InvalidParameterValueException", "cannot be assumed by Lambda", 300, "IAM role propagates"),
    _rule("lambda.*", "InvalidParameterValueException", "execution role does not have permissions", 300, "IAM policy propagates"),
    _rule("lambda.*", "InvalidParameterValueException", "KMS key is invalid for CreateGrant", 300, "KMS key propagates"),
    _rule("lambda.*", "InvalidParameterValueException", "throttled by EC2", 840, "EC2 throttles Lambda"),
    _rule("lambda.*", "ResourceNotFoundException", "Function not found", 60, "new function becomes visible"),
    _rule("lambda.*", "ResourceConflictException", "in progress", 300, "another update of the function"),
    _rule("lambda.*", "ResourceConflictException", "state: Pending", 300, "function is being made"),
    _rule("lambda.*", "ResourceConflictException", "concurrent update", 300, "another update of the function"),
    _rule("logs.*", "OperationAbortedException", "", 60, "another change of the log group"),
    _rule("logs.*", "ResourceNotFoundException", "", 120, "new log group becomes visible"),
    _rule("logs.*", "AccessDeniedException InvalidParameterException", "KMS key does not exist or is not allowed", 120, "key policy propagates"),
    _rule("logs.*", "InvalidParameterException", "KMS Key Id could not be found", 120, "KMS key propagates"),
    _rule("apigateway.*", "ConflictException", "try again later", 600, "another change of the API"),
    _rule("apigateway.*", "NotFoundException", "", 120, "new API or stage becomes visible"),
    _rule("apigateway.UpdateAccount", "BadRequestException", "does not have required permissions", 120, "IAM role propagates"),
    _rule("apigateway.UpdateAccount", "BadRequestException", "could not successfully write", 120, "IAM role propagates"),
    _rule("apigateway.*", "BadRequestException", "CloudWatch Logs role ARN must be set", 120, "account role propagates"),
    _rule("events.PutRule", "ValidationException", "cannot be assumed by principal", 120, "IAM role propagates"),
    _rule("events.PutTargets", "ValidationException", "cannot be assumed by principal", 120, "IAM role propagates"),
    _rule("events.PutTargets", "ResourceNotFoundException", "Rule", 60, "new rule becomes visible"),
    _rule("events.TagResource", "ResourceNotFoundException", "Rule", 60, "new rule becomes visible"),
    _rule("cloudwatch.PutDashboard", "ConflictException", "", 60, "another change of the dashboard"),
    _rule("apigateway.DeleteDeployment", "BadRequestException", "Active stages pointing", 60, "stage leaves the deployment"),
    _rule("events.DeleteRule", "ValidationException", "has targets", 300, "targets leave the rule"),
    _rule("events.*", "ConcurrentModificationException", "", 60, "another change of the rule"),
    _rule("backup.*", "ResourceNotFoundException", "", 120, "new vault or plan becomes visible"),
    _rule("backup.*", "InvalidParameterValueException", "Cannot find Backup plan", 120, "new plan becomes visible"),
    _rule("backup.CreateBackupSelection", "InvalidParameterValueException", "cannot be assumed", 120, "IAM role propagates"),
    _rule("backup.CreateBackupSelection", "InvalidParameterValueException", "is not authorized to call", 120, "IAM policy propagates"),
    _rule("backup.PutBackupVaultAccessPolicy", "InvalidParameterValueException", "Provided principal is not valid", 120, "IAM principal propagates"),
    _rule("backup.DeleteBackupPlan", "InvalidRequestException", "selections must be deleted", 120, "selections leave the plan"),
    _rule("backup.DeleteBackupVault", "InvalidRequestException", "contains recovery points", 120, "recovery points leave the vault"),
    _rule("cloudtrail.*", "InvalidCloudWatchLogsRoleArnException InvalidCloudWatchLogsLogGroupArnException", "Access denied", 120, "IAM role propagates"),
    _rule("cloudtrail.*", "InsufficientS3BucketPolicyException S3BucketDoesNotExistException InsufficientEncryptionPolicyException", "", 120, "bucket or key policy propagates"),
    _rule("ssm.PutParameter", "ParameterAlreadyExists", "", 35, "a deleted parameter holds its name for 30 s"),
    _rule("ssm.PutParameter", "TooManyUpdates", "", 60, "another change of the parameter"),
    _rule("cloudtrail.*", "ConflictException", "", 60, "another change of the trail"),
    _rule("cloudtrail.*", "TrailNotFoundException", "", 120, "new trail becomes visible"),
)  # fmt: skip
"""Source: the AWS references and field reports of each service's eventual consistency."""

THROTTLE_SECONDS = 600.0
"""How long sustained throttling is borne before a call gives up."""

BROKEN_SECONDS = 60.0
"""How long 5xx answers and broken connections are borne."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do about an error: try again until `seconds` have passed, because of `reason`."""

    seconds: float
    reason: str
    dense: bool = False


def _by_call(rules: tuple[Rule, ...]) -> Mapping[str, list[Rule]]:
    table: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        table[rule.call].append(rule)
    return table


_RULES_BY_CALL = _by_call(RULES)


def verdict(call: Call, error: BaseException) -> Verdict | None:
    """Decide whether an error of this call is worth another try; None says no."""
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
        return Verdict(BROKEN_SECONDS / 4, "endpoint not reached")
    if isinstance(error, HTTPClientError | ResponseParserError):
        return Verdict(BROKEN_SECONDS, "connection broke") if call.repeatable else None
    if not isinstance(error, ClientError):
        return None
    code = code_of(error)
    if code in THROTTLED:
        return Verdict(THROTTLE_SECONDS, "throttled")
    if code in BROKEN or status_of(error) >= 500:
        return Verdict(BROKEN_SECONDS, f"AWS failed ({code})") if call.repeatable else None
    return _semantic(call, code, message_of(error))


_TAKES_AWAY = re.compile(
    r"^(Delete|Detach|Disassociate|Release|Revoke|Remove|Schedule|Abort|Describe|Get|List|Head"
    r"|Simulate)"
)
"""To these calls "not found" is an answer, not a reason to wait."""


def _semantic(call: Call, code: str, message: str) -> Verdict | None:
    for key in (str(call), f"{call.service}.*"):
        for rule in _RULES_BY_CALL.get(key, ()):
            fits = code in rule.codes and rule.text.lower() in message.lower()
            if fits and not (
                rule.reason.endswith("becomes visible") and _TAKES_AWAY.match(call.operation)
            ):
                return Verdict(rule.seconds, rule.reason, dense=True)
    return None


def answer_lost(call: Call, error: BaseException) -> bool:
    """Whether a call was sent that must not be sent twice, and nobody knows if AWS did it."""
    if call.repeatable:
        return False
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
        return False
    if isinstance(error, HTTPClientError | ResponseParserError):
        return True
    return isinstance(error, ClientError) and (code_of(error) in BROKEN or status_of(error) >= 500)


class _Wait(wait_base):
    """Dense for what AWS will show within seconds, exponential with jitter otherwise."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._dense = wait_random_exponential(multiplier=0.5, max=5, min=0.2)
        self._sparse = wait_random_exponential(multiplier=0.3, max=20, min=0.05)

    def __call__(self, retry_state: RetryCallState) -> float:
        outcome = retry_state.outcome
        error = outcome.exception() if outcome else None
        ruling = verdict(self._call, error) if error else None
        return (self._dense if ruling and ruling.dense else self._sparse)(retry_state)


def send(
    call: Call,
    attempt: Callable[[], T],
    *,
    clock: Clock,
    told: Delayed | None = None,
) -> T:
    """Make a call, again where the table says so.

    Args:
        call: which call it is.
        attempt: sends it once.
        clock: tells and passes the time.
        told: hears of every wait before it.

    Raises:
        AnswerLostError: a call that is not repeatable was sent and its answer was lost.
        botocore.exceptions.BotoCoreError, ClientError: whatever is not worth another try.
    """
    started = clock.monotonic()

    def again(error: BaseException) -> bool:
        ruling = verdict(call, error)
        elapsed = clock.monotonic() - started
        return ruling is not None and elapsed < ruling.seconds

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        ruling = verdict(call, error) if error else None
        if told and error and ruling and state.next_action:
            elapsed = clock.monotonic() - started
            pause = state.next_action.sleep
            told(Delay(call, ruling.reason, _said(error), pause, elapsed, ruling.seconds))

    retrying = Retrying(
        retry=_retry_if(again),
        wait=_Wait(call),
        stop=stop_never,  # the verdict carries each error's own bound
        sleep=clock.sleep,
        before_sleep=tell,
        reraise=True,
    )
    try:
        return retrying(attempt)
    except Exception as error:
        if answer_lost(call, error):
            raise AnswerLostError(
                f"{call} was sent and no answer came back ({error}).", operation=str(call)
            ) from error
        raise


def _said(error: BaseException) -> str:
    """AWS's code and sentence; of a broken connection, what broke it."""
    if isinstance(error, ClientError):
        return f"{code_of(error)}: {message_of(error)}".removesuffix(": ")
    return str(error)


def _retry_if(again: Callable[[BaseException], bool]) -> Callable[[RetryCallState], bool]:
    def decide(state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        return error is not None and again(error)

    return decide
