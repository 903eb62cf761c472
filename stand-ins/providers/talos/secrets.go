package main

import (
	"encoding/json"
	"time"

	"github.com/siderolabs/crypto/x509"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"github.com/siderolabs/talos/pkg/machinery/constants"
	"github.com/siderolabs/talos/pkg/machinery/role"

	"cdktf-proxmox-talos/providers/plugin"
)

// machineSecrets is the attribute of that name, whose certificates are base64 of PEM.
type machineSecrets struct {
	Certs struct {
		Etcd              keyPair `json:"etcd"`
		K8s               keyPair `json:"k8s"`
		K8sAggregator     keyPair `json:"k8s_aggregator"`
		K8sServiceAccount struct {
			Key []byte `json:"key"`
		} `json:"k8s_serviceaccount"`
		OS keyPair `json:"os"`
	} `json:"certs"`
	Cluster struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	} `json:"cluster"`
	Secrets struct {
		// From before Talos 1.3.
		AESCBC         string `json:"aescbc_encryption_secret,omitempty"`
		BootstrapToken string `json:"bootstrap_token"`
		Secretbox      string `json:"secretbox_encryption_secret"`
	} `json:"secrets"`
	TrustdInfo struct {
		Token string `json:"token"`
	} `json:"trustdinfo"`
}

type keyPair struct {
	Cert []byte `json:"cert"`
	Key  []byte `json:"key"`
}

// secretsOf reads the attribute machine_secrets.
func secretsOf(object plugin.Object) (read machineSecrets, err error) {
	err = json.Unmarshal(plugin.JSON(object["machine_secrets"]), &read)
	return read, err
}

func fromBundle(bundle *secrets.Bundle) (converted machineSecrets) {
	certs := bundle.Certs
	converted.Certs.Etcd = fromPEM(certs.Etcd)
	converted.Certs.K8s = fromPEM(certs.K8s)
	converted.Certs.K8sAggregator = fromPEM(certs.K8sAggregator)
	converted.Certs.K8sServiceAccount.Key = certs.K8sServiceAccount.Key
	converted.Certs.OS = fromPEM(certs.OS)
	converted.Cluster.ID, converted.Cluster.Secret = bundle.Cluster.ID, bundle.Cluster.Secret
	converted.Secrets.AESCBC = bundle.Secrets.AESCBCEncryptionSecret
	converted.Secrets.BootstrapToken = bundle.Secrets.BootstrapToken
	converted.Secrets.Secretbox = bundle.Secrets.SecretboxEncryptionSecret
	converted.TrustdInfo.Token = bundle.TrustdInfo.Token
	return converted
}

func (s machineSecrets) bundle() *secrets.Bundle {
	return &secrets.Bundle{
		Clock:   secrets.NewFixedClock(now()),
		Cluster: &secrets.Cluster{ID: s.Cluster.ID, Secret: s.Cluster.Secret},
		Secrets: &secrets.Secrets{
			AESCBCEncryptionSecret:    s.Secrets.AESCBC,
			BootstrapToken:            s.Secrets.BootstrapToken,
			SecretboxEncryptionSecret: s.Secrets.Secretbox,
		},
		TrustdInfo: &secrets.TrustdInfo{Token: s.TrustdInfo.Token},
		Certs: &secrets.Certs{
			Etcd:              s.Certs.Etcd.pem(),
			K8s:               s.Certs.K8s.pem(),
			K8sAggregator:     s.Certs.K8sAggregator.pem(),
			K8sServiceAccount: &x509.PEMEncodedKey{Key: s.Certs.K8sServiceAccount.Key},
			OS:                s.Certs.OS.pem(),
		},
	}
}

func fromPEM(pair *x509.PEMEncodedCertificateAndKey) keyPair {
	return keyPair{Cert: pair.Crt, Key: pair.Key}
}

func (p keyPair) pem() *x509.PEMEncodedCertificateAndKey {
	return &x509.PEMEncodedCertificateAndKey{Crt: p.Cert, Key: p.Key}
}

// clientConfiguration is the attribute of that name: the certificate of an administrator.
type clientConfiguration struct {
	CA   []byte `json:"ca_certificate"`
	Cert []byte `json:"client_certificate"`
	Key  []byte `json:"client_key"`
}

func newClientConfiguration(bundle *secrets.Bundle, ttl time.Duration) (made clientConfiguration, err error) {
	pair, err := bundle.GenerateTalosAPIClientCertificateWithTTL(role.MakeSet(role.Admin), ttl)
	if err != nil {
		return made, err
	}
	return clientConfiguration{CA: bundle.Certs.OS.Crt, Cert: pair.Crt, Key: pair.Key}, nil
}

// clientTTL is how long the certificate of an administrator is valid: a year.
const clientTTL = constants.TalosAPIDefaultCertificateValidityDuration
