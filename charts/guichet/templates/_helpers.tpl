{{/* The release that runs. */}}
{{- define "guichet.tag" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The image of gateways of new accounts. */}}
{{- define "guichet.gatewayImage" -}}
{{ .Values.gateway.image | default (printf "%s/gateway:%s" .Values.image.registry (include "guichet.tag" .)) }}
{{- end }}

{{/*
The manifests of files/, which are links into config/: the chart installs what kustomize installs, in
the namespace of the release. Call it with a list of the root and of paths.
*/}}
{{- define "guichet.manifests" -}}
{{- $root := first . }}
{{- range rest . }}
---
{{ $root.Files.Get . | replace "namespace: guichet-system" (printf "namespace: %s" $root.Release.Namespace) | trim }}
{{- end }}
{{- end }}
