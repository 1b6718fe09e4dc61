package controllers

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/statement"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// statementSigner signs statements with the platform's key, which is made once.
type statementSigner struct {
	client    client.Client
	live      client.Reader
	namespace string
}

func (s statementSigner) sign(
	ctx context.Context, spec *v1alpha1.UsageStatementSpec,
) (*v1alpha1.StatementSignature, error) {
	key, err := s.key(ctx)
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(spec)
	if err != nil {
		return nil, fmt.Errorf("encode a statement: %w", err)
	}
	signature, err := statement.Sign(encoded, key)
	if err != nil {
		return nil, err
	}
	return (*v1alpha1.StatementSignature)(&signature), nil
}

// check says whether a closed statement was signed by the platform.
func (s statementSigner) check(ctx context.Context, closed *v1alpha1.UsageStatement) error {
	encoded, err := json.Marshal(closed.Spec)
	if err != nil {
		return fmt.Errorf("encode a statement: %w", err)
	}
	keys, err := s.publicKeys(ctx)
	if err != nil {
		return err
	}
	if err := statement.VerifyWith(encoded, keys.Data); err != nil {
		return fmt.Errorf("UsageStatement %q is closed, and not by the operator: %w", closed.Name, err)
	}
	return nil
}

// key is the platform's key. Its public half is published before anything is signed with it.
func (s statementSigner) key(ctx context.Context) (ed25519.PrivateKey, error) {
	secret := &corev1.Secret{}
	err := s.live.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: kube.StatementKeySecret}, secret)
	if apierrors.IsNotFound(err) {
		if secret, err = kube.NewStatementKey(s.namespace); err != nil {
			return nil, err
		}
		if err := s.client.Create(ctx, secret, client.FieldOwner(FieldManager)); err != nil {
			return nil, writing("create", "Secret", secret.Name, err)
		}
	}
	if err != nil {
		return nil, reading(err, "Secret %q", kube.StatementKeySecret)
	}
	key, name, public, err := kube.ReadStatementKey(secret)
	if err != nil {
		return nil, err
	}
	published, err := s.publicKeys(ctx)
	if err != nil || published.Data[name] == public {
		return key, err
	}
	if published.Data == nil {
		published.Data = map[string]string{}
	}
	published.Data[name] = public
	if published.ResourceVersion == "" {
		err = s.client.Create(ctx, published, client.FieldOwner(FieldManager))
	} else {
		err = s.client.Update(ctx, published, client.FieldOwner(FieldManager))
	}
	if err != nil {
		return nil, writing("write", "ConfigMap", published.Name, err)
	}
	return key, nil
}

// publicKeys are the public keys that statements were signed with, by file name. A key that was
// lost stays there, so that what it signed can be verified.
func (s statementSigner) publicKeys(ctx context.Context) (*corev1.ConfigMap, error) {
	keys := &corev1.ConfigMap{}
	err := s.live.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: kube.StatementKeysConfigMap}, keys)
	if apierrors.IsNotFound(err) {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
			Namespace: s.namespace, Name: kube.StatementKeysConfigMap,
			Labels: map[string]string{tenant.LabelManagedBy: tenant.ManagedBy},
		}}, nil
	}
	if err != nil {
		return nil, reading(err, "ConfigMap %q", kube.StatementKeysConfigMap)
	}
	return keys, nil
}
