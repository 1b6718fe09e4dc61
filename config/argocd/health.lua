-- Health of a BusinessAccount, PricingPlan, MessageTemplate or UsageStatement for Argo CD. docs/platform.md says where it goes.
if obj.kind == "UsageStatement" then -- it has no status: whether it still grows is no matter of health
  return {status = "Healthy", message = obj.spec.state}
end
local health = {status = "Progressing", message = "the operator has not seen it yet"}
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health
end

-- These reasons pass by themselves.
local passing = {
  Pending = true, GatewayProgressing = true, ConfigPropagating = true, ConfigUnknown = true,
  UpstreamNotChecked = true, InReview = true, SubmissionDelayed = true, AccountNotReady = true,
}
-- These wait for a person's decision.
local waiting = {Paused = true, AwaitingApproval = true}

for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.type == "Ready" then
    health.message = condition.message
    if condition.status == "True" then
      health.status = "Healthy"
    elseif waiting[condition.reason] then
      health.status = "Suspended"
    elseif condition.status == "Unknown" or passing[condition.reason] then
      health.status = "Progressing"
    else
      health.status = "Degraded"
    end
  end
end
return health
